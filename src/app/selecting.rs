//! Label selectors as objects write them: as a query, and whether labels fit.

use crate::app::fields::{list, text};
use serde_json::Value;

/// A label selector as a query writes it.
pub fn selector(selector: &Value) -> String {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let labels =
        labels.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let expressions = list(selector, "/matchExpressions");
    labels.chain(expressions.iter().filter_map(expression)).collect::<Vec<_>>().join(",")
}

fn expression(value: &Value) -> Option<String> {
    let key = value.get("key")?.as_str()?;
    let values = || list(value, "/values").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",");
    match value.get("operator")?.as_str()? {
        "In" => Some(format!("{key} in ({})", values())),
        "NotIn" => Some(format!("{key} notin ({})", values())),
        "Exists" => Some(key.to_owned()),
        "DoesNotExist" => Some(format!("!{key}")),
        _ => None,
    }
}

/// Whether labels fit a selector; an empty one fits everything.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let mut wanted = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let expressions = list(selector, "/matchExpressions");
    wanted.all(|(key, value)| label(key) == value.as_str()) && expressions.iter().all(|one| holds(one, label))
}

fn holds<'a>(expression: &Value, label: impl Fn(&str) -> Option<&'a str>) -> bool {
    let found = label(text(expression, "/key"));
    let values = list(expression, "/values");
    let is_listed = found.is_some_and(|found| values.iter().any(|value| value.as_str() == Some(found)));
    match text(expression, "/operator") {
        "In" => is_listed,
        "NotIn" => !is_listed,
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::request::escape;
    use serde_json::json;

    #[test]
    fn a_selector_is_written_as_queries_write_it() {
        let all = json!({"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "DoesNotExist"},
            {"key": "new", "operator": "Exists"},
        ]});
        assert_eq!(selector(&all), "app=web,tier in (a,b),!old,new");
        assert_eq!(escape("app=web,tier in (a)"), "app%3Dweb%2Ctier%20in%20%28a%29");
    }

    #[test]
    fn labels_fit_where_everything_holds() {
        let selector = json!({"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["a"]},
            {"key": "new", "operator": "Exists"},
        ]});
        assert!(matches(&selector, &json!({"app": "web", "new": ""})));
        assert!(!matches(&selector, &json!({"app": "web"})));
        assert!(!matches(&selector, &json!({"app": "web", "new": "", "tier": "a"})));
        assert!(matches(&json!({}), &Value::Null), "an empty one fits everything");
        assert!(!matches(&json!({"matchExpressions": [{"key": "a", "operator": "Odd"}]}), &Value::Null));
    }
}
