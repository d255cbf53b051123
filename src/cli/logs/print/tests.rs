//! Lines as they are printed.

use super::*;
use crate::cli::args::{Args, Command};
use crate::kinds::pod::facts::Role;
use crate::kinds::{self, ObjectRef};
use crate::view::logs::state::State;
use clap::Parser as _;

fn printed(flags: &[&str], is_coloured: bool, lines: &[&[u8]]) -> String {
    let arguments = ["kplumb", "logs"].iter().chain(flags);
    let Some(Command::Logs(flags)) = Args::try_parse_from(arguments).unwrap().command else { panic!("not logs") };
    let mut printer = Printer::new(&flags, Names::Pod, is_coloured);
    printer.join(
        SourceId(0),
        &Wanted {
            pod: ObjectRef::new(kinds::POD, "shop", "web-1"),
            uid: "u".into(),
            container: "app".into(),
            role: Role::Main,
            is_one_of_many: false,
            state: State::Runs(0, None),
        },
    );
    let mut out = Vec::new();
    let at = Stamp(1_795_171_327_000_000_042);
    for line in lines {
        printer.line(SourceId(0), Some(at), line, &mut out);
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn text_is_named_stamped_and_harmless() {
    let out = printed(&["--timestamps"], false, &[b"a\tb", b"\x1b[31mred\x1b[0m\x07 \xff\r"]);
    assert_eq!(
        out,
        "web-1 2026-11-20T10:42:07.000000042Z a\tb\nweb-1 2026-11-20T10:42:07.000000042Z red\u{2407} \u{fffd}\n"
    );
}

#[test]
fn raw_lines_are_the_bytes_that_were_written() {
    let out = printed(&["-o", "raw"], false, &[b"\x1b[31mred\x1b[0m\r", b"x"]);
    assert_eq!(out, "\x1b[31mred\x1b[0m\r\nx\n");
}

#[test]
fn records_say_whose_line_it_is_and_how_bad() {
    let out = printed(&["-o", "json"], false, &[b"level=error \"x\""]);
    let record: serde_json::Value = serde_json::from_str(&out).unwrap();
    let wanted = serde_json::json!({
        "type": "line", "time": "2026-11-20T10:42:07.000000042Z", "namespace": "shop", "pod": "web-1",
        "container": "app", "level": "error", "message": "level=error \"x\"",
    });
    assert_eq!(record, wanted);
}

#[test]
fn only_lines_that_are_wanted_are_printed() {
    let lines: [&[u8]; 4] = [b"level=warn timeout", b"level=info timeout", b"level=error health", b"no level timeout"];
    let flags = ["--include", "time.ut", "--include", "health", "--exclude", "hea", "--min-level", "warn"];
    assert_eq!(printed(&flags, false, &lines), "web-1 level=warn timeout\n");
}

#[test]
fn what_is_highlighted_stands_out_within_the_colour_of_its_level() {
    let out = printed(&["--highlight", "tim.", "--highlight", "meo"], true, &[b"ERROR timeout"]);
    let wanted = "\x1b[36mweb-1\x1b[0m \x1b[31mERROR \x1b[1;7mtime\x1b[0m\x1b[31m\x1b[1;7mo\x1b[0m\x1b[31mut\x1b[0m\n";
    assert_eq!(out, wanted);
}

#[test]
fn a_restart_says_how_the_instance_before_ended() {
    let after = Some(Exit { code: 137, reason: "OOMKilled".into() });
    let words = words(&Mark::Restarted { count: 3, after });
    assert_eq!(words, "container restarted, #3, after exit 137 OOMKilled");
}
