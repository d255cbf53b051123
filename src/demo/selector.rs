//! Label and field selectors, as the API server reads them: what they accept, what they select,
//! and how they complain.

use serde_json::Value;

/// Everything that a request may select by.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// Reads the two query parameters; an error is the text of a 400.
    pub fn parse(labels: &str, fields: &str) -> Result<Self, String> {
        Ok(Self { labels: parse_labels(labels)?, fields: parse_fields(fields)? })
    }

    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub fn field_paths(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.path.as_str())
    }

    /// Gives fields below one name another.
    pub fn rename(&mut self, from: &str, to: &str) {
        for field in &mut self.fields {
            if let Some(rest) = field.path.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
                field.path = format!("{to}{rest}");
            }
        }
    }

    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|requirement| requirement.matches(labels))
            && self.fields.iter().all(|field| (field_value(object, &field.path) == field.value) == field.equal)
    }
}

impl Requirement {
    fn matches(&self, labels: &Value) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        match (&self.test, value) {
            (Test::Exists, value) => value.is_some(),
            (Test::Absent, value) => value.is_none(),
            (Test::In(values), Some(value)) => values.iter().any(|wanted| wanted == value),
            (Test::NotIn(values), Some(value)) => values.iter().all(|refused| refused != value),
            (Test::NotIn(_), None) => true,
            (Test::Above(bound), Some(value)) => value.parse::<i64>().is_ok_and(|value| *bound < value),
            (Test::Below(bound), Some(value)) => value.parse::<i64>().is_ok_and(|value| value < *bound),
            (Test::In(_) | Test::Above(_) | Test::Below(_), None) => false,
        }
    }
}

/// The value of a selectable field as text; what is absent is empty, or the default that the API server fills in.
fn field_value(object: &Value, path: &str) -> String {
    let found = match path {
        "source" => &object["source"]["component"],
        "reportingComponent" if object["reportingComponent"].is_null() => &object["source"]["component"],
        "status.podIPs" => &object["status"]["podIPs"][0]["ip"],
        "status.successful" => &object["status"]["succeeded"],
        _ => path.split('.').fold(object, |value, step| &value[step]),
    };
    match (found, path) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        (Value::Null, "status.replicas" | "status.successful") => "0".to_owned(),
        (Value::Null, "spec.restartPolicy") => "Always".to_owned(),
        (Value::Null, "spec.schedulerName") => "default-scheduler".to_owned(),
        (Value::Null, _) => String::new(),
        (other, _) => other.to_string(),
    }
}

/// Whether a kind can be selected by a field; the error is the server's own words.
pub fn check_field(resource: &str, namespaced: bool, path: &str, declared: &[String]) -> Result<(), String> {
    let own: &[&str] = match resource {
        "pods" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        "events" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "secrets" => &["type"],
        "namespaces" => &["status.phase"],
        "nodes" => &["spec.unschedulable"],
        "replicasets.apps" | "replicationcontrollers" => &["status.replicas"],
        "jobs.batch" => &["status.successful"],
        "services" => &["spec.clusterIP", "spec.type"],
        "certificatesigningrequests.certificates.k8s.io" => &["spec.signerName"],
        _ => &[],
    };
    let common = path == "metadata.name" || (path == "metadata.namespace" && (namespaced || own.is_empty()));
    if common || own.contains(&path) || declared.iter().any(|field| field == path) {
        return Ok(());
    }
    if own.is_empty() {
        return Err(format!("{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""));
    }
    Err(format!("field label not supported: {path}"))
}

fn parse_fields(text: &str) -> Result<Vec<Field>, String> {
    split_unescaped(text).iter().filter(|part| !part.is_empty()).map(|part| parse_field(part)).collect()
}

fn parse_field(part: &str) -> Result<Field, String> {
    for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((path, value)) = part.split_once(operator) {
            return Ok(Field { path: path.to_owned(), value: unescape(value)?, equal });
        }
    }
    Err(format!("invalid selector: '{part}'; can't understand '{part}'"))
}

fn split_unescaped(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        if letter == ',' && !escaped {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
        escaped = letter == '\\' && !escaped;
    }
    parts
}

fn unescape(value: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some(next @ ('\\' | ',' | '=')) => plain.push(next),
                _ => return Err(format!("invalid field selector: invalid escape sequence: {value}")),
            },
            ('=', _) => return Err(format!("invalid field selector: unescaped character in value: {value}")),
            _ => plain.push(letter),
        }
    }
    Ok(plain)
}

/// The label grammar: `a=b,a==b,a!=b,a in (x,y),a notin (x),a,!a,a>1,a<1`.
fn parse_labels(text: &str) -> Result<Vec<Requirement>, String> {
    let tokens = label_tokens(text);
    let mut rest = tokens.as_slice();
    let mut requirements = Vec::new();
    while !rest.is_empty() {
        let (requirement, after) = parse_requirement(rest).ok_or_else(|| unable(text, rest))?;
        requirements.push(requirement);
        rest = match after {
            [] => after,
            [comma, more @ ..] if comma == "," && !more.is_empty() => more,
            _ => return Err(unable(text, after)),
        };
    }
    Ok(requirements)
}

fn unable(text: &str, rest: &[String]) -> String {
    let found = rest.first().map_or("", String::as_str);
    format!("unable to parse requirement: found '{found}', expected: a label selector (in {text:?})")
}

fn parse_requirement(tokens: &[String]) -> Option<(Requirement, &[String])> {
    let requirement = |key: &String, test| Some(Requirement { key: key.clone(), test });
    let words: Vec<&str> = tokens.iter().take(3).map(String::as_str).collect();
    match words.as_slice() {
        ["!", key, ..] if is_word(key) => Some((requirement(&tokens[1], Test::Absent)?, &tokens[2..])),
        [key, "in" | "notin", "(", ..] if is_word(key) => {
            let (values, after) = parse_values(&tokens[3..])?;
            let test = if words[1] == "in" { Test::In(values) } else { Test::NotIn(values) };
            Some((requirement(&tokens[0], test)?, after))
        }
        [key, operator @ ("=" | "==" | "!=" | ">" | "<"), ..] if is_word(key) => {
            // An empty value is allowed: `a=` and `a=,b`.
            let value = words.get(2).filter(|word| is_word(word)).map(|word| (*word).to_owned());
            let after = if value.is_some() { &tokens[3..] } else { &tokens[2..] };
            let value = value.unwrap_or_default();
            let test = match *operator {
                "!=" => Test::NotIn(vec![value]),
                ">" => Test::Above(value.parse().ok()?),
                "<" => Test::Below(value.parse().ok()?),
                _ => Test::In(vec![value]),
            };
            Some((requirement(&tokens[0], test)?, after))
        }
        [key, ..] if is_word(key) => Some((requirement(&tokens[0], Test::Exists)?, &tokens[1..])),
        _ => None,
    }
}

fn parse_values(tokens: &[String]) -> Option<(Vec<String>, &[String])> {
    let end = tokens.iter().position(|token| token == ")")?;
    let mut values = Vec::new();
    for part in tokens[..end].split(|token| token == ",") {
        match part {
            [] => values.push(String::new()),
            [value] if is_word(value) => values.push(value.clone()),
            _ => return None,
        }
    }
    Some((values, &tokens[end + 1..]))
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_ascii_alphanumeric())
}

fn label_tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut joined = false;
    for letter in text.chars() {
        let operator = "=!<>(),".contains(letter);
        let extends = match tokens.last() {
            Some(last) if letter == '=' => last == "=" || last == "!",
            Some(last) => joined && !operator && !last.starts_with(['=', '!', '<', '>', '(', ')', ',']),
            None => false,
        };
        joined = !letter.is_whitespace();
        match tokens.last_mut() {
            _ if letter.is_whitespace() => {}
            Some(last) if extends => last.push(letter),
            _ => tokens.push(letter.to_string()),
        }
    }
    tokens
}

#[cfg(test)]
mod tests;
