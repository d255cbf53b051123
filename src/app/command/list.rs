//! The rows.

use super::{Command, In};
use crate::app::App;

const LISTS: &[In] = &[In::Home, In::Table, In::Detail, In::Yaml, In::Help, In::Picker];

const fn command(
    name: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    when: &'static [In],
    run: fn(&mut App),
) -> Command {
    Command { name, help, keys, when, mutates: false, hint: 0, run }
}

const fn hinted(hint: u8, command: Command) -> Command {
    Command { hint, ..command }
}

const OBJECT: &[In] = &[In::Home, In::Table, In::Detail];

/// Every command. Order is the order of help.
pub const COMMANDS: &[Command] = &[
    hinted(
        1,
        command(
            "open",
            "open what is selected",
            &["<enter>"],
            &[In::Home, In::Table, In::Detail, In::Picker],
            App::open,
        ),
    ),
    hinted(2, command("describe", "the object's detail: state, relations, events", &["d"], OBJECT, App::describe)),
    hinted(3, command("yaml", "the object as YAML", &["y"], OBJECT, App::yaml)),
    hinted(4, command("copy", "copy the name", &["c"], OBJECT, App::copy_name)),
    hinted(8, command("palette", "open a kind, context, namespace or command", &[":"], &[In::Anywhere], App::palette)),
    hinted(8, command("filter", "filter as you type", &["/"], &[In::Table, In::Picker], App::filter)),
    command("back", "back; clears the filter first", &["<esc>", "q"], &[In::Anywhere], App::back),
    hinted(9, command("help", "every key, and what a filter can say", &["?"], &[In::Anywhere], App::help)),
    command("down", "one line down", &["j", "<down>"], LISTS, |app| app.step(1)),
    command("up", "one line up", &["k", "<up>"], LISTS, |app| app.step(-1)),
    command("page-down", "one page down", &["<ctrl-f>", "<pagedown>"], LISTS, |app| app.page(1)),
    command("page-up", "one page up", &["<ctrl-b>", "<pageup>"], LISTS, |app| app.page(-1)),
    command("top", "to the first line", &["g", "<home>"], LISTS, |app| app.step(isize::MIN)),
    command("bottom", "to the last line", &["G", "<end>"], LISTS, |app| app.step(isize::MAX)),
    command("retry", "try an unreachable server again now", &["<ctrl-r>"], &[In::Anywhere], App::retry),
    command("quit", "end kplumb", &["<ctrl-c>"], &[In::Anywhere, In::Prompt], App::quit),
    command("accept", "run or keep what was typed", &["<enter>"], &[In::Prompt], App::prompt_accept),
    command("cancel", "leave the line as it was before", &["<esc>"], &[In::Prompt], App::prompt_cancel),
    command("complete", "take over the offered choice", &["<tab>"], &[In::Prompt], App::prompt_complete),
    command("next-choice", "the next choice", &["<down>", "<ctrl-n>"], &[In::Prompt], |app| app.prompt_choose(1)),
    command("previous-choice", "the choice before", &["<up>", "<ctrl-p>"], &[In::Prompt], |app| app.prompt_choose(-1)),
    command("delete-word", "delete the word before the cursor", &["<ctrl-w>"], &[In::Prompt], |app| {
        app.prompt_edit(super::super::prompt::Editor::delete_word)
    }),
    command("delete-line", "delete to the start of the line", &["<ctrl-u>"], &[In::Prompt], |app| {
        app.prompt_edit(super::super::prompt::Editor::delete_to_start)
    }),
    command("line-start", "to the start of the line", &["<home>", "<ctrl-a>"], &[In::Prompt], |app| {
        app.prompt_edit(super::super::prompt::Editor::home)
    }),
    command("line-end", "to the end of the line", &["<end>", "<ctrl-e>"], &[In::Prompt], |app| {
        app.prompt_edit(super::super::prompt::Editor::end)
    }),
    command("character-left", "one character left", &["<left>"], &[In::Prompt], |app| {
        app.prompt_edit(super::super::prompt::Editor::left)
    }),
    command("character-right", "one character right", &["<right>"], &[In::Prompt], |app| {
        app.prompt_edit(super::super::prompt::Editor::right)
    }),
];
