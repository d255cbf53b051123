use super::*;

fn place() -> Place {
    let pod = json!({
        "metadata": {"name": "web-0", "namespace": "shop"},
        "spec": {"containers": [{"name": "app", "env": [{"name": "COLOUR", "value": "blue"}]}]},
        "status": {"podIP": "10.0.0.7"},
    });
    Place::of(&pod, "app")
}

/// What a line says, and its code.
fn said(text: &str) -> (String, i32) {
    let mut place = place();
    let done = commands::line(text, &mut place);
    (format!("{}{}", String::from_utf8(done.out).unwrap(), done.err), place.code)
}

#[test]
fn a_few_commands_are_known_and_the_others_are_not_there() {
    assert_eq!(said("echo hello  'a  b'"), ("hello a  b\n".to_owned(), 0));
    assert_eq!(said("hostname; echo $COLOUR $?"), ("web-0\nblue 0\n".to_owned(), 0));
    assert_eq!(said("cat /etc/hostname"), ("web-0\n".to_owned(), 0));
    assert_eq!(said("cd etc && ls").0.lines().next(), Some("hostname"));
    assert_eq!(said("vim"), ("sh: vim: not found\n".to_owned(), 127));
    assert_eq!(said("false || exit 3; echo never"), (String::new(), 3));
    assert_eq!(said("cat nothing").1, 1);
}

#[test]
fn the_usual_line_for_a_shell_leads_to_one() {
    let script = "command -v bash >/dev/null 2>&1 && exec bash || exec sh";
    let words: Vec<String> = ["sh", "-c", script].map(str::to_owned).into();
    let done = run(&words, &mut place());
    assert_eq!((done.out, done.next), (Vec::new(), Next::Shell));
    let done = run(&["bash".to_owned()], &mut place());
    assert_eq!(done.next, Next::Missing("bash".to_owned()));
}

#[test]
fn what_is_typed_is_echoed_erased_and_ended() {
    let mut editor = Editor::new(true);
    let typed = editor.take(b"lx\x7fs\x1b[A\r");
    let lines: Vec<&Typed> = typed.iter().filter(|typed| matches!(typed, Typed::Line(_))).collect();
    assert_eq!(lines, [&Typed::Line("ls".to_owned())]);
    assert_eq!(editor.take(b"\x04"), [Typed::End]);
    assert_eq!(Editor::new(false).take(b"ls\n"), [Typed::Line("ls".to_owned())]);
}
