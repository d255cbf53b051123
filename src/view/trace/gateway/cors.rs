//! What a CORS filter tells browsers: `HTTPCORSFilter` of apis/v1/httproute_types.go.

use crate::kinds::http_route::facts::Filter;
use crate::kinds::http_route::facts::filter::Cors;
use crate::view::trace::request::Request;
use std::sync::Arc;

/// Methods that browsers send without asking first.
const SIMPLE: [&str; 3] = ["GET", "HEAD", "POST"];

/// What it does with a request that goes on, in words.
pub fn note(cors: &Cors, request: &Request) -> String {
    match request.header("Origin") {
        None => "answers preflights of browsers (CORS)".to_owned(),
        Some(origin) if is_listed(cors, origin) => {
            let exposed = if cors.exposed.is_empty() {
                String::new()
            } else {
                format!(", and its headers {}", list(&cors.exposed))
            };
            format!("lets pages of {origin} read the answer{}{exposed} (CORS)", credentials(cors))
        }
        Some(origin) => format!("does not list the origin {origin}, so browsers keep the answer from its pages (CORS)"),
    }
}

/// What it does with the preflight of a browser, and the status where the API leaves only one that says so; none where the
/// request is no preflight. It lets Gateways answer 204 or 200, and 403 as well to an origin that is not listed.
pub fn preflight(filters: &[Filter], request: &Request) -> Option<(String, Option<u16>)> {
    let cors = filters.iter().find_map(|filter| if let Filter::Cors(cors) = filter { Some(cors) } else { None })?;
    let origin = request.header("Origin").filter(|_| request.method == "OPTIONS")?;
    let method = request.header("Access-Control-Request-Method")?;
    if !is_listed(cors, origin) {
        let status = "204, 200 or 403, without the headers that browsers look for";
        return Some((
            format!("answers the preflight itself with {status}: it does not list the origin {origin}"),
            None,
        ));
    }
    let mut parts = vec![format!("the origin {origin}{}", credentials(cors))];
    let named = [("methods", &cors.methods), ("headers", &cors.headers)];
    parts.extend(
        named.iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| format!("{what} {}", list(names))),
    );
    let mut note = format!("answers the preflight itself with 204 or 200, and allows {}", parts.join("; "));
    if !cors.exposed.is_empty() {
        note = format!("{note}; pages may read the headers {}", list(&cors.exposed));
    }
    if let Some(age) = cors.max_age {
        note = format!("{note}; good for {age}s");
    }
    let lacking = lacking(cors, method, request.header("Access-Control-Request-Headers").unwrap_or(""));
    if !lacking.is_empty() {
        note = format!("{note}; but not {}, so the browser does not send the request", lacking.join(" and not "));
    }
    Some((note, Some(204)))
}

/// What a browser wants to send and is not allowed to.
fn lacking(cors: &Cors, method: &str, headers: &str) -> Vec<String> {
    let names =
        |list: &[Arc<str>], name: &str| list.iter().any(|have| **have == *"*" || have.eq_ignore_ascii_case(name));
    // Methods are written as they are, headers are not.
    let is_refused = !SIMPLE.contains(&method) && !cors.methods.iter().any(|have| **have == *"*" || **have == *method);
    let method = is_refused.then(|| format!("the method {method}"));
    let wanted = headers.split(',').map(str::trim).filter(|name| !name.is_empty());
    let refused: Vec<&str> = wanted.filter(|name| !names(&cors.headers, name)).collect();
    let headers = (!refused.is_empty()).then(|| format!("the header {}", refused.join(", ")));
    method.into_iter().chain(headers).collect()
}

fn is_listed(cors: &Cors, origin: &str) -> bool {
    cors.origins.iter().any(|allowed| is_origin(allowed, origin))
}

/// Whether an origin is one of a CORS filter: the same, `*`, or one with a wildcard before its host.
fn is_origin(allowed: &str, origin: &str) -> bool {
    match allowed.split_once('*') {
        Some(("", "")) => true,
        Some((before, after)) => {
            let rest = origin.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            rest.is_some_and(|rest| !rest.is_empty())
        }
        None => allowed.eq_ignore_ascii_case(origin),
    }
}

fn credentials(cors: &Cors) -> &'static str {
    if cors.credentials { " with credentials" } else { "" }
}

fn list(names: &[Arc<str>]) -> String {
    names.iter().map(|name| &**name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arcs(names: &[&str]) -> Box<[Arc<str>]> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    fn cors() -> Cors {
        Cors {
            origins: arcs(&["https://shop.example.com", "https://*.example.org"]),
            methods: arcs(&["GET", "PUT"]),
            headers: arcs(&["x-cart"]),
            exposed: arcs(&["x-total"]),
            credentials: true,
            max_age: Some(60),
        }
    }

    fn asked(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::get("http://api.example.com/").unwrap();
        method.clone_into(&mut request.method);
        request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        request
    }

    #[test]
    fn a_preflight_says_what_the_browser_may_send() {
        let filters = [Filter::Cors(cors())];
        let ask = |origin: &str, method: &str, headers: &str| {
            let method = ("Access-Control-Request-Method", method);
            let all = [("Origin", origin), method, ("Access-Control-Request-Headers", headers)];
            preflight(&filters, &asked("OPTIONS", &all)).unwrap()
        };
        let allowed = "answers the preflight itself with 204 or 200, and allows the origin https://a.b.example.org with \
            credentials; methods GET, PUT; headers x-cart; pages may read the headers x-total; good for 60s";
        let of = |method, headers| ask("https://a.b.example.org", method, headers);
        assert_eq!(of("PUT", "X-Cart"), (allowed.to_owned(), Some(204)));
        assert_eq!(of("POST", "").0, allowed, "a simple method needs no permission");
        let refused = "; but not the method PATCH and not the header x-b, so the browser does not send the request";
        assert_eq!(of("PATCH", "x-cart, x-b"), (format!("{allowed}{refused}"), Some(204)));
        let (note, status) = ask("https://example.org", "GET", "");
        assert!(note.ends_with("it does not list the origin https://example.org") && status.is_none(), "{note}");
        assert!(preflight(&filters, &asked("OPTIONS", &[("Origin", "https://shop.example.com")])).is_none());
    }

    #[test]
    fn a_request_that_goes_on_says_whose_pages_may_read_the_answer() {
        let note = |origin: &str| note(&cors(), &asked("GET", &[("Origin", origin)]));
        let wanted =
            "lets pages of https://shop.example.com read the answer with credentials, and its headers x-total (CORS)";
        assert_eq!(note("https://shop.example.com"), wanted);
        assert!(note("https://evil.example").starts_with("does not list the origin https://evil.example"));
        assert_eq!(super::note(&cors(), &asked("GET", &[])), "answers preflights of browsers (CORS)");
    }
}
