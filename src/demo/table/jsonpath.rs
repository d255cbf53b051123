//! The part of kubectl's path language that printer columns use: fields, quoted fields, indexes, slices of
//! everything (`[*]`), and filters (`[?(@.type=="Ready")]`).

use serde_json::Value;

/// What a path finds, in order; nothing when it leads nowhere or cannot be read.
pub fn find<'a>(path: &str, root: &'a Value) -> Vec<&'a Value> {
    let path = path.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('$');
    let mut found = vec![root];
    let mut rest = path;
    while !rest.is_empty() {
        let Some((step, after)) = next_step(rest) else { return Vec::new() };
        found = found.into_iter().flat_map(|value| step.take(value)).collect();
        rest = after;
    }
    found
}

enum Step<'p> {
    Field(String),
    Every,
    Index(i64),
    Filter(Filter<'p>),
}

struct Filter<'p> {
    path: &'p str,
    operator: &'p str,
    literal: Value,
}

impl Step<'_> {
    fn take<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Step::Field(name), Value::Object(map)) => map.get(name).into_iter().collect(),
            (Step::Every, Value::Array(items)) => items.iter().collect(),
            (Step::Every, Value::Object(map)) => map.values().collect(),
            (Step::Index(index), Value::Array(items)) => {
                let at = if *index < 0 { items.len() as i64 + index } else { *index };
                usize::try_from(at).ok().and_then(|at| items.get(at)).into_iter().collect()
            }
            (Step::Filter(filter), Value::Array(items)) => items.iter().filter(|item| filter.holds(item)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Filter<'_> {
    fn holds(&self, item: &Value) -> bool {
        let left = find(self.path, item).first().copied();
        let number = |value: &Value| value.as_f64();
        match (self.operator, left) {
            ("", left) => left.is_some(),
            ("==", Some(left)) => *left == self.literal,
            ("!=", Some(left)) => *left != self.literal,
            (operator, Some(left)) => match (operator, number(left), number(&self.literal)) {
                ("<", Some(left), Some(right)) => left < right,
                (">", Some(left), Some(right)) => left > right,
                ("<=", Some(left), Some(right)) => left <= right,
                (">=", Some(left), Some(right)) => left >= right,
                _ => false,
            },
            (_, None) => false,
        }
    }
}

fn next_step(text: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        return Some(field(rest));
    }
    let inner = text.strip_prefix('[')?;
    if let Some(filter) = inner.strip_prefix("?(") {
        let (body, after) = filter.split_once(")]")?;
        return Some((Step::Filter(parse_filter(body)?), after));
    }
    let quote = inner.chars().next().filter(|letter| *letter == '\'' || *letter == '"');
    if let Some(quote) = quote {
        let (name, after) = inner[1..].split_once(quote)?;
        return Some((Step::Field(name.to_owned()), after.strip_prefix(']')?));
    }
    let (index, after) = inner.split_once(']')?;
    match index.trim() {
        "*" | ":" => Some((Step::Every, after)),
        index => Some((Step::Index(index.parse().ok()?), after)),
    }
}

/// A field name up to the next step; a backslash takes the next letter as it is (`a\.b`).
fn field(text: &str) -> (Step<'_>, &str) {
    let mut name = String::new();
    let mut escaped = false;
    let mut end = text.len();
    for (at, letter) in text.char_indices() {
        match letter {
            '\\' if !escaped => escaped = true,
            '.' | '[' if !escaped => {
                end = at;
                break;
            }
            _ => {
                name.push(letter);
                escaped = false;
            }
        }
    }
    let step = if name == "*" { Step::Every } else { Step::Field(name) };
    (step, &text[end..])
}

fn parse_filter(body: &str) -> Option<Filter<'_>> {
    let body = body.trim();
    let path = body.strip_prefix('@')?;
    for operator in ["==", "!=", "<=", ">=", "<", ">"] {
        if let Some((path, literal)) = path.split_once(operator) {
            let literal = literal.trim();
            let text = literal.trim_matches(['"', '\'']);
            let literal = if text == literal { serde_json::from_str(text).ok()? } else { Value::from(text) };
            return Some(Filter { path: path.trim(), operator, literal });
        }
    }
    Some(Filter { path, operator: "", literal: Value::Null })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, expected: &Value) {
        let object = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
            "spec": {"hosts": ["a", "b"], "ports": [{"port": 80, "name": "http"}, {"port": 443, "name": "https"}]},
            "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]},
        });
        assert_eq!(json!(find(path, &object)), *expected, "{path}");
    }

    #[test]
    fn paths_of_printer_columns_find_their_values() {
        check(".spec.hosts", &json!([["a", "b"]]));
        check(".spec.hosts[*]", &json!(["a", "b"]));
        check(".spec.hosts[-1]", &json!(["b"]));
        check("{.spec.ports[0].name}", &json!(["http"]));
        check(".status.conditions[?(@.type==\"Ready\")].status", &json!(["True"]));
        check(".status.conditions[?(@.type == 'Gone')].status", &json!([]));
        check(".spec.ports[?(@.port>100)].name", &json!(["https"]));
        check(".metadata.labels.app\\.kubernetes\\.io/name", &json!(["web"]));
        check(".metadata.labels['app.kubernetes.io/name']", &json!(["web"]));
        check(".spec.absent.deeper", &json!([]));
        check(".spec.ports[", &json!([]));
    }
}
