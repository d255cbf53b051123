//! Rules of Traefik: what they say of a request, as far as one can tell.

use crate::view::trace::request::Request;
use crate::view::trace::uri;
use crate::wire::ranges::Block;
use regex::Regex;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One matcher with its values: `Host` and `a.example.com`.
    Is(String, Vec<String>),
    /// All of them.
    All(Vec<Rule>),
    /// One of them at least.
    Any(Vec<Rule>),
    /// The opposite.
    Not(Box<Rule>),
}

/// What rules are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    /// The request.
    pub request: &'r Request,
    /// Its path, as rules see it.
    pub path: &'r str,
}

/// The matchers of version 3, and how many values each takes.
const MATCHERS: [(&str, &[usize]); 11] = [
    ("ClientIP", &[1]),
    ("Method", &[1]),
    ("Host", &[1]),
    ("HostRegexp", &[1]),
    ("Path", &[1]),
    ("PathRegexp", &[1]),
    ("PathPrefix", &[1]),
    ("Header", &[2]),
    ("HeaderRegexp", &[2]),
    ("Query", &[1, 2]),
    ("QueryRegexp", &[1, 2]),
];

/// Reads a rule.
///
/// # Errors
/// Says why Traefik refuses it.
pub fn parse(text: &str) -> Result<Rule, String> {
    let rule = tree(text)?;
    rule.check()?;
    Ok(rule)
}

/// Reads what a rule says, whatever its matchers are.
///
/// # Errors
/// Says where it cannot be read.
pub fn tree(text: &str) -> Result<Rule, String> {
    let mut reader = Reader { rest: text };
    let broken = || format!("it cannot be read near {:?}", text.chars().take(40).collect::<String>());
    let rule = reader.any().ok_or_else(broken)?;
    reader.skip();
    if !reader.rest.is_empty() {
        return Err(format!("it cannot be read near {:?}", reader.rest.chars().take(40).collect::<String>()));
    }
    Ok(rule)
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, word: &str) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(word);
        if let Some(rest) = rest {
            self.rest = rest;
        }
        rest.is_some()
    }

    fn any(&mut self) -> Option<Rule> {
        let mut rules = vec![self.all()?];
        while self.eat("||") {
            rules.push(self.all()?);
        }
        Some(if rules.len() == 1 { rules.remove(0) } else { Rule::Any(rules) })
    }

    fn all(&mut self) -> Option<Rule> {
        let mut rules = vec![self.one()?];
        while self.eat("&&") {
            rules.push(self.one()?);
        }
        Some(if rules.len() == 1 { rules.remove(0) } else { Rule::All(rules) })
    }

    fn one(&mut self) -> Option<Rule> {
        if self.eat("!") {
            return Some(Rule::Not(Box::new(self.one()?)));
        }
        if self.eat("(") {
            let inner = self.any()?;
            return self.eat(")").then_some(inner);
        }
        self.skip();
        let end = self.rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() || !self.eat("(") {
            return None;
        }
        let mut values = Vec::new();
        while !self.eat(")") {
            values.push(self.text()?);
            self.eat(",");
        }
        Some(Rule::Is(name.to_owned(), values))
    }

    /// A text as Go writes it: between back quotes as it is, between quotes with escapes.
    fn text(&mut self) -> Option<String> {
        self.skip();
        if let Some(rest) = self.rest.strip_prefix('`') {
            let (value, rest) = rest.split_once('`')?;
            self.rest = rest;
            return Some(value.to_owned());
        }
        let mut letters = self.rest.strip_prefix('"')?.char_indices();
        let mut value = String::new();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = &self.rest[at + 2..];
                    return Some(value);
                }
                '\\' => value.push(letters.next().map(|(_, escaped)| escaped)?),
                letter => value.push(letter),
            }
        }
        None
    }
}

impl Rule {
    /// Whether Traefik accepts every matcher of it.
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Not(rule) => rule.check(),
            Self::All(rules) | Self::Any(rules) => rules.iter().try_for_each(Self::check),
            Self::Is(name, values) => {
                let Some((known, counts)) = MATCHERS.iter().find(|(known, _)| is_named(known, name)) else {
                    return Err(format!("there is no matcher {name}"));
                };
                if !counts.contains(&values.len()) {
                    return Err(format!("{known} takes {} value, not {}", counts[0], values.len()));
                }
                let is_path = matches!(*known, "Path" | "PathPrefix");
                if let Some(path) = values.first().filter(|path| is_path && !path.starts_with('/')) {
                    return Err(format!("path {path} does not begin with /"));
                }
                let is_regex = known.ends_with("Regexp") && (values.len() == 2 || !known.starts_with("Query"));
                match values.last().filter(|text| is_regex && Regex::new(text).is_err()) {
                    Some(text) => Err(format!("{text} is no regular expression")),
                    None => Ok(()),
                }
            }
        }
    }

    /// The names that it lists as hosts, also those that it excludes, in lower case: handshakes are told apart by them.
    pub fn hosts(&self) -> Vec<String> {
        match self {
            Self::Not(rule) => rule.hosts(),
            Self::All(rules) | Self::Any(rules) => rules.iter().flat_map(Self::hosts).collect(),
            Self::Is(name, values) if is_named("Host", name) => {
                values.iter().map(|value| value.to_lowercase()).collect()
            }
            Self::Is(..) => Vec::new(),
        }
    }

    /// Whether it takes a request; none where that cannot be told.
    pub fn takes(&self, asked: Asked) -> Option<bool> {
        match self {
            Self::Is(name, values) => is(name, values, asked),
            Self::Not(rule) => rule.takes(asked).map(|takes| !takes),
            Self::All(rules) => all(rules, false, asked),
            Self::Any(rules) => all(rules, true, asked),
        }
    }
}

/// What a request lacks that a rule wants: whether it is the host, and in words.
pub type Miss = (bool, String);

impl Rule {
    /// What keeps a request out; empty where it is taken, or where that cannot be told.
    pub fn misses(&self, asked: Asked) -> Vec<Miss> {
        if self.takes(asked) != Some(false) {
            return Vec::new();
        }
        match self {
            Self::Is(name, _) => {
                vec![(name.to_ascii_lowercase().starts_with("host"), format!("wants {}", self.shown()))]
            }
            Self::Not(rule) => vec![(false, format!("excludes {}", rule.shown()))],
            Self::All(rules) => rules.iter().flat_map(|rule| rule.misses(asked)).collect(),
            Self::Any(rules) => {
                let all = rules.iter().map(|rule| rule.misses(asked));
                all.min_by_key(|misses| (misses.iter().any(|(is_host, _)| *is_host), misses.len())).unwrap_or_default()
            }
        }
    }

    /// As it is written.
    fn shown(&self) -> String {
        let joined = |rules: &[Self], by: &str| rules.iter().map(Self::shown).collect::<Vec<_>>().join(by);
        match self {
            Self::Is(name, values) => {
                let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                format!("{name}({})", values.join(", "))
            }
            Self::Not(rule) => format!("!{}", rule.shown()),
            Self::All(rules) => format!("({})", joined(rules, " && ")),
            Self::Any(rules) => format!("({})", joined(rules, " || ")),
        }
    }
}

/// One that says `decides` decides; else one of which nothing is known leaves it open.
fn all(rules: &[Rule], decides: bool, asked: Asked) -> Option<bool> {
    let all: Vec<Option<bool>> = rules.iter().map(|rule| rule.takes(asked)).collect();
    if all.contains(&Some(decides)) {
        return Some(decides);
    }
    all.into_iter().all(|one| one.is_some()).then_some(!decides)
}

/// Traefik knows `PathPrefix`, `pathprefix`, `PATHPREFIX` and `Pathprefix`.
pub fn is_named(known: &str, name: &str) -> bool {
    let lower = known.to_ascii_lowercase();
    let title = || format!("{}{}", known[..1].to_ascii_uppercase(), &lower[1..]);
    name == known || name == lower || name == known.to_ascii_uppercase() || name == title()
}

fn is(name: &str, values: &[String], asked: Asked) -> Option<bool> {
    let request = asked.request;
    let first = values.first()?.as_str();
    let second = values.get(1).map_or("", String::as_str);
    let regex = |text: &str| Regex::new(text).ok();
    match name.to_ascii_lowercase().as_str() {
        "host" => Some(first.strip_suffix('.').unwrap_or(first).eq_ignore_ascii_case(request.name())),
        // Where no CNAME is known, the expression is asked about an empty text as well.
        "hostregexp" => regex(first).map(|regex| regex.is_match(request.name()) || regex.is_match("")),
        "path" => Some(first == asked.path),
        "pathprefix" => Some(asked.path.starts_with(first)),
        "pathregexp" => regex(first).map(|regex| regex.is_match(asked.path)),
        "method" => Some(first.to_uppercase() == request.method),
        "header" => Some(headers(request, first).any(|value| value == second)),
        "headerregexp" => regex(second).map(|regex| headers(request, first).any(|value| regex.is_match(value))),
        "queryregexp" if values.len() == 2 => {
            regex(second).map(|regex| parameters(request, first).iter().any(|value| regex.is_match(value)))
        }
        // Version 2 goes by the first value alone.
        "firstquery" => {
            regex(second).map(|regex| parameters(request, first).first().is_some_and(|value| regex.is_match(value)))
        }
        // Without a value only an empty one fits.
        "query" | "queryregexp" => Some(parameters(request, first).iter().any(|value| value == second)),
        "clientip" => {
            let client = request.client?;
            Some(Block::parse(first)?.contains(client))
        }
        _ => None,
    }
}

/// Every value of a header.
pub fn headers<'r>(request: &'r Request, name: &str) -> impl Iterator<Item = &'r str> {
    request.headers.iter().filter(move |(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Every value of a parameter of the query.
pub fn parameters(request: &Request, name: &str) -> Vec<String> {
    let query = request.query.as_deref().unwrap_or("");
    // Go passes over pairs that hold a semicolon.
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(|(key, _)| uri::word(key) == name).map(|(_, value)| uri::word(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_wants_besides_the_host_is_told() {
        let request = Request::get("http://shop.example.com/no").unwrap();
        let asked = Asked { request: &request, path: "/no" };
        for (rule, wanted) in [
            ("Host(`shop.example.com`)", ""),
            ("Host(`shop.example.com`) && Method(`POST`) && Path(`/x`)", "wants Method(`POST`), wants Path(`/x`)"),
            ("Host(`a.example.com`) || (Host(`shop.example.com`) && !PathPrefix(`/no`))", "excludes PathPrefix(`/no`)"),
            ("ClientIP(`10.0.0.0/8`)", ""),
        ] {
            let told: Vec<String> = parse(rule).unwrap().misses(asked).into_iter().map(|(_, text)| text).collect();
            assert_eq!(told.join(", "), wanted, "{rule}");
        }
        assert_eq!(parse("Host(`a`) && Path(`/x`)").unwrap().misses(asked).iter().filter(|(host, _)| *host).count(), 1);
    }

    #[test]
    fn rules_are_read_and_asked() {
        let mut request = Request::get("https://a.example.com/api/x?v=1&e").unwrap();
        request.headers.push(("X-Beta".to_owned(), "1".to_owned()));
        let asked = Asked { request: &request, path: "/api/x" };
        for (rule, wanted) in [
            ("Host(`A.example.com`)", Some(true)),
            ("Host(\"a.example.com\") && !PathPrefix(`/api`)", Some(false)),
            ("(Path(`/x`) || PathRegexp(`^/api/[a-z]$`)) && Method(`get`)", Some(true)),
            ("HostRegexp(`^[a-z]+\\.example\\.com$`)", Some(true)),
            ("HOST(`a.example.com`) && Pathprefix(`/ap`)", Some(true)),
            ("Header(`x-beta`, `1`) && Query(`v`, `1`)", Some(true)),
            ("Query(`v`)", Some(false)),
            ("Query(`e`)", Some(true)),
            ("!(Host(`b`) || Path(`/y`))", Some(true)),
            ("ClientIP(`10.0.0.0/8`)", None),
            ("ClientIP(`10.0.0.0/8`) && Path(`/y`)", Some(false)),
        ] {
            assert_eq!(parse(rule).unwrap().takes(asked), wanted, "{rule}");
        }
        for odd in [
            "",
            "Host(",
            "Host(`a`",
            "&& Host(`a`)",
            "Host(`a`) Path(`/b`)",
            "Host(a)",
            "Host(`a`, `b`)",
            "Magic(`x`)",
            "Headers(`x`, `1`)",
            "Path(`x`)",
            "PathRegexp(`[`)",
        ] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }
}
