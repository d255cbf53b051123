//! Rules as Traefik 2 had them, told in the matchers of version 3: several values of one matcher, and templates such as
//! `{sub:[a-z]+}.example.com`.
//!
//! Facts: pkg/muxer/http/matcher_v2.go of Traefik v3.6, and regexp.go of the router whose templates it takes.

use super::expression::{Rule, is_named, tree};
use regex::Regex;

/// The matchers of version 2.
const MATCHERS: [&str; 10] = [
    "Host",
    "HostHeader",
    "HostRegexp",
    "ClientIP",
    "Path",
    "PathPrefix",
    "Method",
    "Headers",
    "HeadersRegexp",
    "Query",
];

/// What a part of a template without a pattern stands for: in hosts, in paths, and an empty value of a query.
const LABEL: &str = "[^.]+";
const SEGMENT: &str = "[^/]+";
const ANYTHING: &str = ".*";

/// Reads a rule of version 2.
///
/// # Errors
/// Says why Traefik refuses it.
pub fn parse(text: &str) -> Result<Rule, String> {
    told(tree(text)?)
}

fn told(rule: Rule) -> Result<Rule, String> {
    let all = |rules: Vec<Rule>| rules.into_iter().map(told).collect::<Result<Vec<_>, _>>();
    Ok(match rule {
        Rule::Not(rule) => Rule::Not(Box::new(told(*rule)?)),
        Rule::All(rules) => Rule::All(all(rules)?),
        Rule::Any(rules) => Rule::Any(all(rules)?),
        Rule::Is(name, values) => {
            let Some(known) = MATCHERS.into_iter().find(|known| is_named(known, &name)) else {
                return Err(format!("there is no matcher {name} in the syntax of version 2"));
            };
            matcher(known, values)?
        }
    })
}

fn matcher(known: &str, values: Vec<String>) -> Result<Rule, String> {
    let each = |name: &str| Rule::Any(values.iter().map(|value| is(name, [value.clone()])).collect());
    match known {
        "Host" | "HostHeader" => Ok(each("Host")),
        "Method" | "ClientIP" => Ok(each(known)),
        "HostRegexp" => {
            let regex = |host: &String| regex(&format!("(?i)^{}$", template(host, LABEL)?));
            any(values.iter().map(|host| Ok(is("HostRegexp", [regex(host)?]))))
        }
        "Path" | "PathPrefix" => any(values.iter().map(|path| of_path(known, path))),
        "Headers" | "HeadersRegexp" => {
            let is_regex = known == "HeadersRegexp";
            let one = |(name, value): (String, String)| match (is_regex, value.as_str()) {
                // Without a value any will do.
                (true, _) | (false, "") => Ok(is("HeaderRegexp", [name, regex(&value)?])),
                (false, _) => Ok(is("Header", [name, value])),
            };
            Ok(Rule::All(pairs(known, values)?.into_iter().map(one).collect::<Result<_, String>>()?))
        }
        _ => {
            let parts = values.iter().flat_map(|value| value.splitn(2, '=')).map(str::to_owned).collect();
            let one = |(name, value): (String, String)| {
                let value = if value.is_empty() { ANYTHING.to_owned() } else { template(&value, ANYTHING)? };
                Ok(is("FirstQuery", [name, regex(&format!("^(?:{value})$"))?]))
            };
            Ok(Rule::All(pairs(known, parts)?.into_iter().map(one).collect::<Result<_, String>>()?))
        }
    }
}

fn any(rules: impl Iterator<Item = Result<Rule, String>>) -> Result<Rule, String> {
    Ok(Rule::Any(rules.collect::<Result<_, _>>()?))
}

fn is<const N: usize>(name: &str, values: [String; N]) -> Rule {
    Rule::Is(name.to_owned(), values.into())
}

fn of_path(known: &str, path: &str) -> Result<Rule, String> {
    if !path.starts_with('/') {
        return Err(format!("path {path} does not begin with /"));
    }
    if !path.contains(['{', '}']) {
        return Ok(is(known, [path.to_owned()]));
    }
    let end = if known == "Path" { "$" } else { "" };
    Ok(is("PathRegexp", [regex(&format!("^{}{end}", template(path, SEGMENT)?))?]))
}

fn regex(text: &str) -> Result<String, String> {
    Regex::new(text).map(|_| text.to_owned()).map_err(|_| format!("{text} is no regular expression"))
}

/// Names and values by turns.
fn pairs(known: &str, values: Vec<String>) -> Result<Vec<(String, String)>, String> {
    if !values.len().is_multiple_of(2) {
        return Err(format!("{known} takes names with values, and the last one has none"));
    }
    let mut values = values.into_iter();
    Ok(std::iter::from_fn(|| values.next().zip(values.next())).collect())
}

/// The regular expression of a template: what is between braces is a name, and a pattern behind a colon.
fn template(text: &str, default: &str) -> Result<String, String> {
    let unbalanced = || format!("the braces of {text} do not match");
    let (mut pattern, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(['{', '}']) {
        let mut depth = 0_usize;
        let end = rest[start..].char_indices().find_map(|(at, letter)| {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            (depth == 0).then_some(start + at)
        });
        let end = end.filter(|end| start < *end).ok_or_else(unbalanced)?;
        let (name, own) = rest[start + 1..end].split_once(':').unwrap_or((&rest[start + 1..end], default));
        if name.is_empty() || own.is_empty() {
            return Err(format!("a name or a pattern is missing between the braces of {text}"));
        }
        pattern.extend([&*regex::escape(&rest[..start]), "(?:", own, ")"]);
        rest = &rest[end + 1..];
    }
    pattern.push_str(&regex::escape(rest));
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::trace::request::Request;
    use crate::view::trace::rule::traefik::expression::Asked;

    #[test]
    fn rules_of_version_2_are_read_and_asked() {
        let mut request = Request::get("https://a.example.com/api/7/x?v=1&v=2&e").unwrap();
        request.headers.push(("X-Beta".to_owned(), "12".to_owned()));
        let asked = Asked { request: &request, path: "/api/7/x" };
        for (rule, wanted) in [
            ("Host(`b.example.com`, `A.example.com`)", Some(true)),
            ("HostHeader(`a.example.com`) && !PathPrefix(`/v1`, `/api`)", Some(false)),
            ("HostRegexp(`{sub:[a-z]+}.example.com`)", Some(true)),
            ("HostRegexp(`{sub}.example.com`)", Some(true)),
            ("HostRegexp(`{sub}.com`)", Some(false)),
            ("HostRegexp(`{any:.+}`)", Some(true)),
            ("HostRegexp(`^[a-z]+\\.example\\.com$`)", Some(false)),
            ("Path(`/api/{id:[0-9]{1}}/x`)", Some(true)),
            ("Path(`/api/{id}`)", Some(false)),
            ("PathPrefix(`/api/{id:[0-9]+}`)", Some(true)),
            ("Path(`/api/7/x`, `/y`)", Some(true)),
            ("Method(`put`, `get`)", Some(true)),
            ("Headers(`x-beta`, `12`)", Some(true)),
            ("Headers(`X-Beta`, ``)", Some(true)),
            ("HeadersRegexp(`X-Beta`, `^[0-9]$`)", Some(false)),
            ("Query(`v=1`)", Some(true)),
            ("Query(`v=2`)", Some(false)),
            ("Query(`e=`)", Some(true)),
            ("Query(`v`, `1`)", Some(true)),
            ("ClientIP(`10.0.0.0/8`, `192.0.2.1`)", None),
            ("Host()", Some(false)),
        ] {
            assert_eq!(parse(rule).unwrap().takes(asked), wanted, "{rule}");
        }
        for odd in [
            "Header(`x`, `1`)",
            "PathRegexp(`^/`)",
            "Path(`x`)",
            "Path(`/{}`)",
            "Path(`/{a`)",
            "Path(`/a}`)",
            "Path(`/{a:[}`)",
            "Headers(`x`)",
            "Query(`v`)",
            "Host(`a`",
        ] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
