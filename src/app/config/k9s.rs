//! What of a k9s configuration can be carried over, as text for our own file, and what cannot.

use std::fmt::Write;

/// Reads k9s's files, given as (file name, text): `aliases.yaml` and `hotkeys.yaml`, `config.yaml` and its kin.
/// Aliases become aliases; of everything else it is said, as comments, what to do instead.
pub fn import_k9s(files: &[(String, String)]) -> String {
    let mut aliases = String::new();
    let mut notes = String::new();
    for (file, text) in files {
        match file.rsplit(['/', '\\']).next().unwrap_or(file) {
            "aliases.yaml" | "aliases.yml" => carry_aliases(file, text, &mut aliases, &mut notes),
            "hotkeys.yaml" | "hotkeys.yml" => note_hotkeys(file, text, &mut notes),
            "plugins.yaml" | "plugins.yml" => note(&mut notes, file, "plugins run commands; kplumb runs none"),
            "views.yaml" | "views.yml" => note(&mut notes, file, "write columns to leave out under [columns]"),
            "config.yaml" | "config.yml" => {
                note(&mut notes, file, "favourite namespaces go to namespaces = [..]; nothing needs a refresh rate");
            }
            _ => note(&mut notes, file, "skins and the rest have no counterpart: choose a theme"),
        }
    }
    format!("# Carried over from k9s.\n{notes}\n[aliases]\n{aliases}")
}

fn note(notes: &mut String, file: &str, text: &str) {
    let _ = writeln!(notes, "# {file}: {text}");
}

/// `pp: v1/pods` becomes `pp = "pods"`; a line with arguments keeps them.
fn carry_aliases(file: &str, text: &str, aliases: &mut String, notes: &mut String) {
    for (name, value) in pairs(text) {
        let (resource, rest) = value.split_once(' ').map_or((value.as_str(), ""), |(head, rest)| (head, rest));
        let parts: Vec<&str> = resource.split('/').collect();
        let kind = match parts.as_slice() {
            [kind] | ["v1", kind] => (*kind).to_owned(),
            [group, _, kind] | [group, kind] => format!("{kind}.{group}"),
            _ => {
                note(notes, file, &format!("{name}: {value:?} names no kind"));
                continue;
            }
        };
        let line = if rest.is_empty() { kind } else { format!("{kind} {rest}") };
        let _ = writeln!(aliases, "{name:?} = {line:?}");
    }
}

fn note_hotkeys(file: &str, text: &str, notes: &mut String) {
    let keys: Vec<String> =
        pairs(text).into_iter().filter(|(name, _)| name == "shortCut").map(|(_, key)| key).collect();
    let keys = if keys.is_empty() { "none found".to_owned() } else { keys.join(", ") };
    note(notes, file, &format!("hotkeys ({keys}) open lines; give the lines a name under [aliases] and press :"));
}

/// `key: value` of every line: the files are flat enough that no more is needed.
fn pairs(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim());
    let lines = lines.filter(|line| !line.starts_with('#'));
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let pairs = lines.filter_map(|line| line.trim_start_matches("- ").split_once(':'));
    pairs.map(|(key, value)| (unquoted(key), unquoted(value))).filter(|(_, value)| !value.is_empty()).collect()
}
