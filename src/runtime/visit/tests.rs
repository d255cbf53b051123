use super::*;
use crate::api::channel::status::Ended;

fn shell() -> Errand {
    Errand { channel: "exec", container: "app".into(), work: Work::Shell(vec!["sh".into()]) }
}

fn said(over: &Over, seconds: u64) -> (String, bool, Option<i32>) {
    let told = tell(&shell(), over, Duration::from_secs(seconds));
    (told.text, told.is_failure, told.exit_code)
}

#[test]
fn the_end_is_told_with_code_and_time() {
    assert_eq!(said(&Over::Ended(Ended::Exit(0)), 12), ("ended, exit 0 after 12 s".to_owned(), false, Some(0)));
    assert_eq!(said(&Over::Ended(Ended::Exit(3)), 1), ("ended, exit 3 after 1 s".to_owned(), false, Some(3)));
    assert_eq!(said(&Over::Left, 5), ("left after 5 s; what ran there may go on".to_owned(), false, None));
    let (text, is_failure, _) = said(&Over::Cut("connection reset".into()), 5);
    assert!(is_failure && text == "the connection was cut after 5 s: connection reset");
}

#[test]
fn a_container_without_a_shell_is_told_with_a_way_on() {
    for ended in
        [Ended::Exit(127), Ended::Exit(126), Ended::Failed("exec: \"sh\": executable file not found in $PATH".into())]
    {
        let (text, is_failure, _) = said(&Over::Ended(ended), 0);
        assert!(is_failure && text.contains("has no shell") && text.contains(":debug"), "{text}");
    }
    let (text, ..) = said(&Over::Ended(Ended::Exit(127)), 60);
    assert_eq!(text, "ended, exit 127 after 60 s", "the last command of a shell that was there");
}
