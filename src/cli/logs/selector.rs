//! Label selectors as kubectl takes them: `app=web,tier!=cache,env in (a,b),!old`.

use crate::kinds::{Requirement, Selector};
use std::sync::Arc;

/// Reads a selector; says which part is not understood.
pub fn parse(text: &str) -> Result<Selector, String> {
    let mut equals: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    let mut requirements = Vec::new();
    for part in parts(text) {
        match requirement(part.trim())? {
            Requirement::In(key, values) if values.len() == 1 => equals.push((key, Arc::clone(&values[0]))),
            other => requirements.push(other),
        }
    }
    equals.sort();
    Ok(Selector { equals: equals.into(), requirements: requirements.into() })
}

/// The parts between commas that stand outside of parentheses.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let bad = || format!("-l {part}: write it like app=web, tier!=cache, env in (a,b), key or !key");
    let key = |text: &str| {
        let text = text.trim();
        let is_key = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        if is_key { Ok(Arc::from(text)) } else { Err(bad()) }
    };
    let value = |text: &str| {
        let text = text.trim();
        let is_value = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if is_value { Ok(Arc::from(text)) } else { Err(bad()) }
    };
    if let Some((head, list)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        let values = list.split(',').map(value).collect::<Result<_, _>>()?;
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(name), Some("in"), None) => Ok(Requirement::In(key(name)?, values)),
            (Some(name), Some("notin"), None) => Ok(Requirement::NotIn(key(name)?, values)),
            _ => Err(bad()),
        };
    }
    if let Some((name, wanted)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(key(name)?, Box::new([value(wanted)?])));
    }
    if let Some((name, wanted)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(key(name)?, Box::new([value(wanted)?])));
    }
    match part.strip_prefix('!') {
        Some(name) => Ok(Requirement::DoesNotExist(key(name)?)),
        None => Ok(Requirement::Exists(key(part)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_match_as_kubectl_reads_them() {
        let labels: Vec<(Arc<str>, Arc<str>)> = vec![("app".into(), "web".into()), ("env".into(), "prod".into())];
        for (text, matches) in [
            ("app=web", true),
            ("app==web,env=prod", true),
            ("app=web,env!=prod", false),
            ("env in (dev, prod),app", true),
            ("env notin (dev,test)", true),
            ("!old", true),
            ("!app", false),
            ("tier!=cache", true),
            ("tier", false),
        ] {
            assert_eq!(parse(text).unwrap().matches(&labels), matches, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for text in ["", "app=a b", "env in a", "a,,b", "x y=z"] {
            assert!(parse(text).unwrap_err().contains("app=web"), "{text}");
        }
    }
}
