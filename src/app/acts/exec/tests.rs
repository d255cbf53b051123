use super::*;
use crate::app::acts::tests::subject;
use serde_json::{Value, json};

fn state(name: &str, state: &Value) -> Value {
    json!({"name": name, "state": state})
}

fn pod() -> Value {
    json!({
        "metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "web"}},
        "spec": {
            "containers": [{"name": "app", "image": "shop/app:1"}, {"name": "web", "image": "nginx:1", "stdin": true, "tty": true}],
            "initContainers": [{"name": "init", "image": "busybox"}],
        },
        "status": {
            "phase": "Running",
            "containerStatuses": [state("app", &json!({"running": {}})), state("web", &json!({"running": {}}))],
            "initContainerStatuses": [state("init", &json!({"terminated": {"exitCode": 0, "reason": "Completed"}}))],
        },
    })
}

fn said(argument: &str) -> Subject {
    Subject { argument: argument.to_owned(), ..subject(POD, pod()) }
}

#[test]
fn the_container_is_the_one_that_is_named_else_the_annotated_one() {
    let container = |text: &str| take(text, &said("")).map(|errand| errand.container);
    assert_eq!(container(""), Ok("web".to_owned()));
    assert_eq!(container("app"), Ok("app".to_owned()));
    assert_eq!(container("-- ls"), Ok("web".to_owned()));
    assert!(container("init").unwrap_err().contains("container init has ended (exit 0, Completed)"));
    assert!(container("nothing").unwrap_err().contains("its containers are app, web, init"));
    assert!(container("app ls").unwrap_err().contains("a command comes after --"));
    assert!(container("app --").is_err());
}

#[test]
fn the_line_is_kubectls_own() {
    let line = |text: &str| EXEC.line(&said(text));
    assert_eq!(line("app -- ls '/my files'"), "kubectl --context shop -n shop exec -it web -c app -- ls '/my files'");
    assert!(
        line("").ends_with("exec -it web -c web -- sh -c 'command -v bash >/dev/null 2>&1 && exec bash || exec sh'")
    );
    assert_eq!(ATTACH.line(&said("")), "kubectl --context shop -n shop attach -i -t web -c web");
    assert_eq!(ATTACH.line(&said("app")), "kubectl --context shop -n shop attach web -c app");
}

#[test]
fn windows_gets_its_own_shell() {
    let mut object = pod();
    object["spec"]["os"] = json!({"name": "windows"});
    let errand = take("", &subject(POD, object)).unwrap();
    assert_eq!(errand.work, Work::Shell(vec!["powershell".to_owned()]));
}

#[test]
fn nothing_is_opened_where_nothing_runs_or_nothing_may_be() {
    let mut object = pod();
    object["status"]["phase"] = json!("Succeeded");
    assert!(refuse(&subject(POD, object)).unwrap().contains("completed pod"));
    let mut object = pod();
    object["status"]["containerStatuses"] = json!([state("web", &json!({"waiting": {"reason": "CrashLoopBackOff"}}))]);
    assert_eq!(refuse(&subject(POD, object)).unwrap(), "no container of it runs: web waits (CrashLoopBackOff)");
    use crate::app::right::Verdict;
    let denied = |verb| {
        let mut subject = said("");
        let right = both("exec", &subject.target.key).into_iter().find(|right| right.verb == verb).unwrap();
        subject.rights = vec![(right, Verdict::Denied(String::new()))];
        subject
    };
    assert_eq!(refuse(&denied("get")).unwrap(), "you may not get pods/exec in shop: ask for the right");
    assert_eq!(refuse(&denied("create")), None, "servers before 1.35 do not ask for it");
    assert!(containers::cautions(&denied("create"))[0].contains("1.35"));
}
