//! Paths of the API: which resource, namespace, name and subresource a request is about, and its query.

/// What a path below `/api` or `/apis` names; absent parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub group: String,
    pub version: String,
    pub namespace: String,
    pub plural: String,
    pub name: String,
    pub subresource: String,
    /// The old `/watch/` prefix.
    pub watch: bool,
}

impl Route {
    /// Reads a path such as `/apis/apps/v1/namespaces/dev/deployments/web/status`.
    pub fn parse(path: &str) -> Option<Self> {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let mut parts = parts.iter().map(String::as_str).peekable();
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        let mut route = Self { group: group.to_owned(), version: parts.next()?.to_owned(), ..Self::default() };
        route.watch = parts.next_if_eq(&"watch").is_some();
        let rest: Vec<&str> = parts.collect();
        // `/namespaces/dev` is the object, `/namespaces/dev/pods` is what lies in it; status and finalize are its own.
        let rest = match rest.as_slice() {
            ["namespaces", _, "status" | "finalize"] | ["namespaces"] | ["namespaces", _] => &rest[..],
            ["namespaces", namespace, within @ ..] => {
                (*namespace).clone_into(&mut route.namespace);
                within
            }
            _ => &rest[..],
        };
        let mut rest = rest.iter();
        (*rest.next()?).clone_into(&mut route.plural);
        route.name = rest.next().map_or_else(String::new, |name| (*name).to_owned());
        route.subresource = rest.copied().collect::<Vec<_>>().join("/");
        Some(route)
    }
}

/// The parameters of a query, the first of each name counts.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        });
        Self(pairs.collect())
    }

    /// The value of a parameter, empty when absent.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every value of a parameter that may come more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is set to something true; `?watch` alone is.
    pub fn flag(&self, name: &str) -> bool {
        let set = self.0.iter().find(|(key, _)| key == name);
        set.is_some_and(|(_, value)| value != "false" && value != "0")
    }

    /// Adds a selection by name, as a watch of one object has it.
    pub fn narrow_to(&mut self, name: &str) {
        let by_name = format!("metadata.name={name}");
        match self.0.iter_mut().find(|(key, _)| key == "fieldSelector") {
            Some((_, fields)) => *fields = format!("{fields},{by_name}"),
            None => self.0.push(("fieldSelector".to_owned(), by_name)),
        }
    }

    /// A number; absent is `None`, nonsense an error with the parameter's name.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| format!("invalid {name} {text:?}: not a number in range")),
        }
    }
}

/// Undoes percent-encoding; a stray percent sign stands for itself.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: [&str; 6]) {
        let route = Route::parse(path).unwrap_or_default();
        let got = [&route.group, &route.version, &route.namespace, &route.plural, &route.name, &route.subresource];
        assert_eq!(got, expected, "{path}");
    }

    #[test]
    fn paths_name_resources() {
        check("/api/v1/pods", ["", "v1", "", "pods", "", ""]);
        check("/api/v1/namespaces", ["", "v1", "", "namespaces", "", ""]);
        check("/api/v1/namespaces/dev", ["", "v1", "", "namespaces", "dev", ""]);
        check("/api/v1/namespaces/dev/status", ["", "v1", "", "namespaces", "dev", "status"]);
        check("/api/v1/namespaces/dev/pods/web/log", ["", "v1", "dev", "pods", "web", "log"]);
        check("/apis/apps/v1/namespaces/dev/deployments/web", ["apps", "v1", "dev", "deployments", "web", ""]);
        check("/apis/a.b/v1/things/x%3Ay", ["a.b", "v1", "", "things", "x:y", ""]);
        assert_eq!(Route::parse("/apis/apps/v1"), None);
        assert!(Route::parse("/api/v1/watch/pods").is_some_and(|route| route.watch));
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("labelSelector=a%3Db%2Cc&watch&follow=0&limit=x");
        assert_eq!(query.text("labelSelector"), "a=b,c");
        assert!(query.flag("watch") && !query.flag("follow") && !query.flag("absent"));
        assert!(query.number::<u64>("limit").is_err());
    }
}
