//! First match wins, and everything that is not understood means that nothing may be written.

use super::*;

const POLICY: &str = r#"# mine
[[policy]]
match = { server = "https://*.prod.example.com:*" }
mode = "observe"
elevate = { to = "operate", confirm = "type-context", ttl = "10m", reason_required = true }
deny = ["delete"]
max_bulk = 1
banner = "red"

[[policy]]
match = { context = "(?i)dev", cluster_uid = "u-dev" }
mode = "operate"
confirm = { restart = "type-name" }

# the rest
[[policy]]
match = {}
mode = "observe"
"#;

fn decide(context: &str, server: &str, uid: Option<&str>) -> Grant {
    Policy::parse(POLICY, "policy.toml").decide(context, server, uid)
}

#[test]
fn the_first_rule_of_which_all_keys_hold_decides() {
    let prod = decide("dev", "https://a.prod.example.com:6443", Some("u-dev"));
    assert_eq!((prod.mode, prod.index, prod.banner.as_deref()), (Mode::Observe, Some(0), Some("red")));
    assert!(prod.denies("delete") && !prod.denies("restart"));
    assert_eq!(prod.elevate.map(|e| (e.to, e.ttl_seconds)), Some((Mode::Operate, 600)));
    let dev = decide("my-DEV", "https://b:6443", Some("u-dev"));
    assert_eq!((dev.mode, dev.friction("restart")), (Mode::Operate, Some(Friction::Name)));
    assert_eq!(dev.rule, "policy line 10");
    let rest = decide("other", "https://b:6443", Some("u-dev"));
    assert_eq!((rest.mode, rest.closed), (Mode::Observe, None));
}

#[test]
fn a_glob_covers_the_whole_url() {
    for server in
        ["https://prod.example.com:1", "https://a.prod.example.com", "https://evil/https://a.prod.example.com:1x/"]
    {
        let is_prod = decide("x", server, None).index == Some(0);
        assert_eq!(is_prod, server.contains("evil"), "{server}");
    }
}

#[test]
fn an_unknown_cluster_is_observed_and_may_be_asked_about() {
    let grant = Policy::default().decide("new", "https://new", Some("u"));
    assert_eq!((grant.mode, grant.closed, grant.index), (Mode::Observe, None, None));
}

#[test]
fn a_uid_that_cannot_be_read_lets_no_looser_rule_decide() {
    let text =
        "[[policy]]\nmatch = { cluster_uid = \"p\" }\nmode = \"observe\"\n[[policy]]\nmatch = {}\nmode = \"operate\"\n";
    let policy = Policy::parse(text, "p");
    assert_eq!(policy.decide("x", "https://x", None).mode, Mode::Observe);
    assert_eq!(policy.decide("x", "https://x", Some("q")).mode, Mode::Operate);
    assert_eq!(policy.decide("x", "https://x", Some("p")).mode, Mode::Observe);
}

#[test]
fn whatever_is_not_understood_observes_everywhere_and_names_its_line() {
    let operate = "[[policy]]\nmatch = {}\nmode = \"operate\"\n";
    for (more, line) in [
        ("colour = 1\n", 4),
        ("confirm = { restart = \"maybe\" }\n", 4),
        ("elevate = { ttl = \"10 days\" }\n", 4),
        ("max_bulk = \"1\"\n", 4),
        ("[[policy]]\nmode = \"operate\"\n", 4),
        ("[[policy]]\nmatch = { contex = \"a\" }\nmode = \"operate\"\n", 5),
        ("[[policy]]\nmatch = { context = \"(\" }\nmode = \"operate\"\n", 5),
        ("mode = \"operate\n", 4),
        ("[other]\n", 4),
    ] {
        let policy = Policy::parse(&format!("{operate}{more}"), "policy.toml");
        let grant = policy.decide("x", "https://x", Some("u"));
        assert_eq!(grant.mode, Mode::Observe, "{more}");
        assert!(grant.closed.is_some(), "{more}");
        let fault = policy.fault().unwrap();
        assert!(fault.starts_with(&format!("policy.toml:{line}: ")), "{more}: {fault}");
    }
}

fn answer(before: Option<usize>) -> Answer {
    Answer { cluster_uid: "u-new".into(), context: "kind\nx".into(), server: "https://a".into(), before }
}

#[test]
fn an_answer_goes_before_the_rule_that_matched_and_moves_no_comment() {
    let written = with_answer(POLICY, &answer(Some(2))).unwrap();
    let rule = "# context kindx, https://a\n[[policy]]\nmatch = { cluster_uid = \"u-new\" }\nmode = \"operate\"\n\n# the rest\n";
    assert!(written.contains(rule), "{written}");
    assert_eq!(written.replace(rule, "# the rest\n"), POLICY);
    let grant = Policy::parse(&written, "p").decide("other", "https://b", Some("u-new"));
    assert_eq!(grant.mode, Mode::Operate);
}

#[test]
fn an_answer_in_memory_says_what_the_file_will_say() {
    let mut policy = Policy::parse(POLICY, "p");
    policy.answered(&answer(Some(2)));
    assert_eq!(policy.decide("other", "https://b", Some("u-new")).mode, Mode::Operate);
    assert_eq!(policy.decide("other", "https://b", Some("u-old")).mode, Mode::Observe);
}

#[test]
fn a_first_answer_makes_the_file_and_a_broken_one_is_left_alone() {
    let written = with_answer("", &answer(None)).unwrap();
    assert_eq!(Policy::parse(&written, "p").decide("a", "b", Some("u-new")).mode, Mode::Operate);
    assert_eq!(with_answer("nonsense = 1", &answer(None)), None);
}
