//! The monkey: every key on every screen, every palette line, clicks, sizes, themes and other keys by configuration,
//! against a real server. Its audit log is the proof: who observes writes nothing, who operates writes exactly what was
//! confirmed. `KPLUMB_MONKEY=600` lets it play for so many seconds, `KPLUMB_SEED` in another order.

mod hands;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use kplumb::app::config;
use kplumb::app::settings::Settings;
use serde_json::Value;

use self::hands::{Dice, Monkey, Tally};
use crate::acts::{keeper, writes};
use crate::control_plane::{ControlPlane, Rule};
use crate::program::Program;

/// How the program may be set; one after the other is tried.
const SETTINGS: &[&str] = &[
    "",
    "[keys]\nrestart = [\"j\", \"<enter>\"]\ndelete = [\"k\"]\nedit = [\"<space>\"]\nshell = [\"x\"]\n",
    "theme = \"dusk\"\nmouse = false\n",
    "theme = \"contrast\"\ncolor = \"never\"\n[keys]\ndelete = [\"d\", \"<esc>\"]\ndrain = [\"y\"]\nscale = [\":\"]\n",
    "theme = \"light\"\nsecrets = \"never\"\n",
];

/// What can be acted on in the cage; put back again and again.
const CAGE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: tree, namespace: cage}
spec:
  replicas: 2
  selector: {matchLabels: {app: tree}}
  template:
    metadata: {labels: {app: tree}}
    spec: {containers: [{name: app, image: 'example.test/app:1'}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bush, namespace: cage}
spec:
  replicas: 1
  selector: {matchLabels: {app: bush}}
  template:
    metadata: {labels: {app: bush}}
    spec: {containers: [{name: app, image: 'example.test/app:1'}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: rope, namespace: cage}
spec:
  replicas: 1
  serviceName: rope
  selector: {matchLabels: {app: rope}}
  template:
    metadata: {labels: {app: rope}}
    spec: {containers: [{name: app, image: 'example.test/app:1'}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: straw, namespace: cage}
spec:
  selector: {matchLabels: {app: straw}}
  template:
    metadata: {labels: {app: straw}}
    spec: {containers: [{name: app, image: 'example.test/app:1'}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: feed, namespace: cage}
spec:
  schedule: '0 4 1 1 *'
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: 'example.test/app:1'}]}}}}
---
apiVersion: v1
kind: Service
metadata: {name: tree, namespace: cage}
spec: {selector: {app: tree}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: tree, namespace: cage}
spec:
  rules:
  - host: a.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: tree, port: {number: 80}}}}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: fruit, namespace: cage}
data: {banana: yellow}
---
apiVersion: v1
kind: Secret
metadata: {name: nuts, namespace: cage}
stringData: {where: below}
";

/// The longest that one program runs before another one is started with other settings.
const ROUND: Duration = Duration::from_secs(60);
/// How much longer than its time a game may last until enough was played.
const PATIENCE: Duration = Duration::from_secs(900);
/// Fewer inputs prove little.
const INPUTS: usize = 300;

fn playtime(otherwise: u64) -> Duration {
    let told = std::env::var("KPLUMB_MONKEY").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(told.unwrap_or(otherwise))
}

fn settings() -> Vec<Settings> {
    SETTINGS.iter().map(|text| config::parse(text, "config.toml").unwrap()).collect()
}

fn cage(plane: &ControlPlane) {
    // Something of it may be about to go: the next time brings it back.
    drop(plane.kubectl_tries(&["apply", "--server-side", "--force-conflicts", "-f", "-"], CAGE));
}

/// The cage of a user, made by whoever comes first.
fn prepare(plane: &ControlPlane) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // Files that it saves stay with the rest of what is thrown away.
        std::env::set_current_dir(plane.folder()).unwrap();
        plane.namespace("cage");
        cage(plane);
    });
}

/// Who plays, under which policy, and for how long.
struct Game<'a> {
    plane: &'a ControlPlane,
    kubeconfig: &'a Path,
    policy: &'a str,
    time: Duration,
    /// Whether what was deleted is made anew for each program.
    refill: bool,
}

/// One program after the other, each with other settings, for the time of the game, and on until `enough` was played: a
/// machine with much else to do lets only little happen in it. What each has on record.
fn rounds(game: &Game, monkey: &mut Monkey, enough: impl Fn(&Monkey, &[Value]) -> bool) -> Vec<Value> {
    let Game { plane, kubeconfig, policy, time, refill } = *game;
    let (begun, settings) = (Instant::now(), settings());
    let shortest = Duration::from_secs(5);
    let round = ROUND.min(time / SETTINGS.len() as u32).max(shortest);
    let mut entries = Vec::new();
    let mut count = 0;
    while begun.elapsed() < time || !enough(monkey, &entries) {
        assert!(begun.elapsed() < time + PATIENCE, "{} inputs only, {entries:#?}", monkey.tally.inputs);
        if refill {
            cage(plane);
        }
        let mut program = Program::start(kubeconfig, policy, settings[count % settings.len()].clone());
        // It may play for hours on a machine that has other things to do.
        program.until_for("live", Duration::from_secs(300));
        monkey.play(&mut program, round.min(time.saturating_sub(begun.elapsed())).max(shortest));
        // What is under way comes to its end.
        program.run(Duration::from_secs(2));
        let record = program.record();
        assert_eq!(record.breaks, Vec::<String>::new());
        entries.extend(record.entries);
        count += 1;
    }
    entries
}

/// Says what was played and what the server saw of it.
fn report(plane: &ControlPlane, user: &str, tally: &Tally) {
    let mut verbs: BTreeMap<String, usize> = BTreeMap::new();
    for entry in plane.audit_of(user).into_iter().filter(|entry| entry.stage == "ResponseComplete") {
        let what =
            if entry.is_read() { entry.verb } else { format!("{} {} {}", entry.verb, entry.resource, entry.code) };
        *verbs.entry(what).or_default() += 1;
    }
    let Tally { inputs, answers, screens, keys } = tally;
    println!("{user}: {inputs} inputs, {} different keys, {answers} answers, {} screens", keys.len(), screens.len());
    println!("{user}: screens {screens:?}\n{user}: requests {verbs:?}");
}

/// Panics if the server has seen anything of a user but reads and questions about himself.
fn only_looked(plane: &ControlPlane, user: &str, tally: &Tally) {
    let inputs = tally.inputs;
    plane.wait_for("what it read in the audit log", || !plane.audit_of(user).is_empty());
    report(plane, user, tally);
    let verbs = ["get", "list", "watch"];
    let questions = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];
    let acting = ["exec", "attach", "portforward", "proxy"];
    let mut others = plane.audit_of(user);
    others.retain(|entry| !verbs.contains(&&*entry.verb) || acting.contains(&&*entry.subresource));
    others.retain(|entry| !(entry.verb == "create" && questions.contains(&&*entry.resource)));
    others.retain(|entry| !entry.uri.contains("dryRun=All"));
    assert!(others.is_empty(), "after {inputs} inputs: {others:#?}");
}

#[test]
fn a_monkey_that_observes_writes_nothing() {
    let plane = ControlPlane::shared();
    prepare(plane);
    let kubeconfig = keeper(plane, "monkey");
    let policy = "[[policy]]\nmatch = { context = \"monkey\" }\nmode = \"observe\"\n";
    let mut monkey = Monkey::new(Dice::new("monkey", 0x9E37_79B9_7F4A_7C15), false);
    let game = Game { plane, kubeconfig: &kubeconfig, policy, time: playtime(40), refill: false };
    let entries = rounds(&game, &mut monkey, |monkey, _| INPUTS < monkey.tally.inputs);
    assert!(entries.is_empty(), "{entries:#?}");
    only_looked(plane, "monkey", &monkey.tally);
    let rehearsed = plane.audit_of("monkey").into_iter().filter(|entry| entry.uri.contains("dryRun")).count();
    assert_eq!((rehearsed, monkey.tally.answers), (0, 0), "who observes does not even rehearse");
}

#[test]
fn a_monkey_that_previews_rehearses_and_writes_nothing() {
    let plane = ControlPlane::shared();
    prepare(plane);
    let kubeconfig = keeper(plane, "chimp");
    let policy = "[[policy]]\nmatch = { context = \"chimp\" }\nmode = \"preview\"\n";
    let mut monkey = Monkey::new(Dice::new("chimp", 0x2545_F491_4F6C_DD1D), true);
    let has_rehearsed = || plane.audit_of("chimp").iter().any(|entry| entry.uri.contains("dryRun=All"));
    let game = Game { plane, kubeconfig: &kubeconfig, policy, time: playtime(20), refill: false };
    let entries = rounds(&game, &mut monkey, |monkey, _| INPUTS < monkey.tally.inputs && has_rehearsed());
    assert!(entries.is_empty(), "{entries:#?}");
    only_looked(plane, "chimp", &monkey.tally);
}

/// How often each request is in the record as about to be sent; what was not sent after all is left out.
fn intended(entries: &[Value]) -> BTreeMap<String, usize> {
    let mut requests = BTreeMap::new();
    // What opens a channel writes nothing, and may be open still.
    let channels = ["exec", "attach", "portforward"];
    let writes = |entry: &Value| {
        let subresource = entry["subresource"].as_str();
        entry["phase"] == "intent" && subresource.is_none_or(|subresource| !channels.contains(&subresource))
    };
    for (at, intent) in entries.iter().enumerate().filter(|(_, entry)| writes(entry)) {
        // An entry's name is the hash that the next one holds.
        let id = entries.get(at + 1).map_or(&Value::Null, |next| &next["prev"]);
        let result = entries.iter().find(|entry| entry["phase"] == "result" && entry["intent"] == *id);
        let outcome = result.map_or(&Value::Null, |result| &result["outcome"]);
        assert!(outcome.is_string() && outcome != "unknown", "{intent}: {result:?}");
        if outcome != "unsent" {
            *requests.entry(format!("{} {}", intent["verb"], intent["target"]).replace('"', "")).or_default() += 1;
        }
    }
    requests
}

#[test]
fn a_monkey_that_operates_writes_exactly_what_was_confirmed() {
    let plane = ControlPlane::shared();
    prepare(plane);
    // In its cage it may do everything; beyond, it may look, and try.
    plane.grant("gorilla", &Rule { namespace: Some("cage"), group: "*", resources: &["*"], verbs: &["*"] });
    let looks = Rule { namespace: None, group: "*", resources: &["*"], verbs: &["get", "list", "watch"] };
    plane.grant("gorilla", &looks);
    let kubeconfig = plane.kubeconfig("gorilla");
    let policy = "[[policy]]\nmatch = { context = \"gorilla\" }\nmode = \"operate\"\n";
    let mut monkey = Monkey::new(Dice::new("gorilla", 0xD1B5_4A32_D192_ED03), true);
    // By chance it may have opened channels only; something was confirmed.
    let confirmed = |entries: &[Value]| entries.iter().any(|entry| entry["phase"] == "intent");
    let game = Game { plane, kubeconfig: &kubeconfig, policy, time: playtime(40), refill: true };
    let entries = rounds(&game, &mut monkey, |_, entries| confirmed(entries));
    let intended = intended(&entries);
    report(plane, "gorilla", &monkey.tally);
    let written = || {
        let mut requests: BTreeMap<String, usize> = BTreeMap::new();
        for entry in writes(plane, "gorilla") {
            *requests.entry(format!("{} {}", entry.verb, entry.uri)).or_default() += 1;
        }
        requests
    };
    // The log may be a moment behind.
    crate::control_plane::until(Duration::from_secs(60), || written() == intended);
    assert_eq!(written(), intended);
    println!("gorilla: {} writes, each on record: {intended:?}", intended.values().sum::<usize>());
}
