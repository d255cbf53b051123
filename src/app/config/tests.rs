//! Configurations and what they say.

use super::*;

fn error(text: &str) -> String {
    parse(text, "config.toml").unwrap_err().to_string()
}

#[test]
fn the_default_says_nothing_new_and_every_line_of_it_reads() {
    let text = default_toml();
    assert_eq!(parse(&text, "config.toml"), Ok(Settings::default()));
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
    for line in text.lines().filter(is_setting) {
        let alone = format!("{}\n", &line[1..]);
        let read = ["", "[aliases]\n", "[columns]\n", "[keys]\n"]
            .iter()
            .any(|head| parse(&format!("{head}{alone}"), "x").is_ok());
        assert!(read, "{line}");
    }
}

#[test]
fn settings_are_read() {
    let text = r#"
theme = "light"
mouse = false
secrets = "never"
clipboard = "osc52"
namespaces = ["dev", "prod"]
[aliases]
broken = "pods /status:failed"
[keys]
delete = "<f8>"
describe = ["d", "<f4>"]
[columns]
pods = { hide = ["node"] }
"#;
    let settings = parse(text, "config.toml").unwrap();
    assert_eq!((settings.theme.as_deref(), settings.mouse, settings.no_secrets), (Some("light"), false, true));
    assert_eq!(settings.favourites, [Arc::from("dev"), Arc::from("prod")]);
    assert_eq!(settings.keys["describe"].len(), 2);
    assert_eq!(settings.hidden_columns["pods"], [Arc::from("NODE")]);
    assert_eq!(settings.clipboard, Clipboard::Osc52);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    assert!(error("\ntheem = 1").starts_with("config.toml:2: there is no key \"theem\": allowed are theme, color"));
    assert!(error("mouse = 1").ends_with("config.toml:1: this must be true or false"), "{}", error("mouse = 1"));
    assert!(error("secrets = \"all\"").contains("allowed are tls, never"));
    assert!(error("[keys]\n\ndelte = \"x\"").starts_with("config.toml:3: there is no command \"delte\""));
    assert!(error("[keys]\nopen = \"<crtl-x>\"").contains("is not a key"));
    assert!(error("theme = \"x").starts_with("config.toml:1:"));
}

#[test]
fn aliases_come_over_from_k9s() {
    let files = [
        (
            "aliases.yaml".to_owned(),
            "aliases:\n  dp: deployments\n  pp: v1/pods\n  cert: cert-manager.io/v1/certificates # x\n".to_owned(),
        ),
        ("hotkeys.yaml".to_owned(), "hotKeys:\n  a:\n    shortCut: Shift-0\n    command: pods\n".to_owned()),
    ];
    let text = import_k9s(&files);
    let settings = parse(&text, "config.toml").unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(settings.aliases["dp"], "deployments");
    assert_eq!(settings.aliases["pp"], "pods");
    assert_eq!(settings.aliases["cert"], "certificates.cert-manager.io");
    assert!(text.contains("hotkeys (Shift-0)"));
}
