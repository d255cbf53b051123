//! Descriptions of kinds and of their main fields, in our own words.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// By message and field; the empty field is the message itself.
static WORDS: LazyLock<BTreeMap<(&'static str, &'static str), &'static str>> =
    LazyLock::new(|| include_str!("words.txt").lines().filter_map(line).collect());

fn line(text: &'static str) -> Option<((&'static str, &'static str), &'static str)> {
    let (what, words) = text.split_once(" | ").filter(|_| !text.starts_with(';'))?;
    Some((what.split_once(' ').unwrap_or((what, "")), words))
}

/// What a message or one of its fields is for, where it is worth saying.
pub fn of(message: &str, field: &str) -> Option<&'static str> {
    let name = message.rsplit('.').next().unwrap_or(message);
    WORDS.get(&(name, field)).copied().or_else(|| general(field))
}

/// Fields that mean the same everywhere.
fn general(field: &str) -> Option<&'static str> {
    Some(match field {
        "metadata" => "Name, namespace, labels and the other facts that every object carries.",
        "spec" => "What is wanted.",
        "status" => "What is, as a controller last told.",
        "conditions" => "Where things stand, one statement each.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::demo::proto::schema::Schema;

    #[test]
    fn every_description_belongs_to_a_field() {
        let schema = Schema::embedded();
        let text = include_str!("words.txt");
        for line in text.lines().filter(|line| !line.starts_with(';')) {
            let Some(((message, field), _)) = super::line(Box::leak(line.to_owned().into_boxed_str())) else {
                panic!("{line}");
            };
            let id =
                ["", "autoscaling.", "core."].iter().find_map(|group| schema.message(&format!("{group}{message}")));
            let known = id.is_some_and(|id| {
                field.is_empty() || schema.fields(id).iter().any(|one| one.name == field || one.inline)
            });
            assert!(known, "{line}");
        }
    }
}
