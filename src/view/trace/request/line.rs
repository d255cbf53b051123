//! A request as one line, as the command line and the palette write it: the URL, then what differs from a plain GET.

use crate::kinds::{Catalog, ObjectRef};
use crate::view::trace::request::{NotAUrl, Request, Vantage, plain_host, sent, split_port};
use std::net::IpAddr;
use std::sync::Arc;

/// What can stand behind the URL, with what it means.
pub const OPTIONS: [(&str, &str); 7] = [
    ("--method POST", "another method than GET"),
    ("--header 'X-Beta: 1'", "a header; Host overrides the URL's"),
    ("--sni shop.example.com", "the name in the TLS handshake"),
    ("--client-ip 203.0.113.9", "the client's address"),
    ("--from-namespace shop", "sent by some pod of a namespace"),
    ("--from-pod shop/web-1", "sent by one pod"),
    ("--via Service/ns/name", "by which entrance"),
];

/// Reads a line: a URL and options, in any order.
///
/// # Errors
/// Says which word is not understood.
pub fn parse(line: &str, catalog: &Catalog) -> Result<Request, NotAUrl> {
    let bad = |text: String| Err(NotAUrl(text));
    let mut words = words(line)?.into_iter();
    let mut url = None;
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            if let Some(first) = url.replace(word.clone()) {
                return bad(format!("{word} stands behind the URL {first}: one URL at a time"));
            }
            continue;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.clone(), words.next()),
        };
        let Some(value) = value else { return bad(format!("{word} wants a value")) };
        options.push((name, value));
    }
    let Some(url) = url else {
        return bad("which URL? write it like trace https://shop.example.com/cart".to_owned());
    };
    let mut request = Request::get(&url)?;
    for (name, value) in options {
        request.set(&name, &value, catalog)?;
    }
    Ok(request)
}

impl Request {
    /// Sets what one option says.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn set(&mut self, name: &str, value: &str, catalog: &Catalog) -> Result<(), NotAUrl> {
        let bad = |why: &str| NotAUrl(format!("{name} {value}: {why}"));
        match name {
            "--method" | "-X" if !is_token(value) => return Err(bad("a method is one word, like POST")),
            "--method" | "-X" => value.to_ascii_uppercase().clone_into(&mut self.method),
            "--header" | "-H" => {
                let (key, text) = value.split_once(':').ok_or_else(|| bad("a header is written 'Name: value'"))?;
                if !is_token(key.trim()) {
                    return Err(bad("the name of a header is one word, like X-Beta"));
                }
                self.header_given(key.trim(), text.trim());
            }
            "--sni" => self.sni = Some(server_name(value).ok_or_else(|| bad(NO_NAME))?),
            "--client-ip" => self.client = Some(value.parse().map_err(|_| bad("this is no address"))?),
            "--from-namespace" if value.is_empty() || value.contains('/') => {
                return Err(bad("a namespace is one name; a pod is sent from by --from-pod namespace/name"));
            }
            "--from-namespace" => self.vantage = Vantage::Namespace(Arc::from(value)),
            "--from-pod" => {
                let parts = value.split_once('/').filter(|(namespace, pod)| !namespace.is_empty() && !pod.is_empty());
                let (namespace, pod) = parts.ok_or_else(|| bad("a pod is written namespace/name"))?;
                self.vantage = Vantage::Pod { namespace: Arc::from(namespace), name: Arc::from(pod) };
            }
            "--via" => {
                let mut parts = value.splitn(3, '/');
                let (Some(kind), Some(namespace), Some(object)) = (parts.next(), parts.next(), parts.next()) else {
                    return Err(bad("an entrance is written Kind/namespace/name"));
                };
                let kind = catalog.find(kind).ok_or_else(|| bad("there is no such kind"))?;
                self.via = Some(ObjectRef::new(kind.id, namespace, object));
            }
            _ => return Err(bad("there is no such option")),
        }
        Ok(())
    }

    /// A header that was given; Host becomes the name by which rules choose.
    pub fn header_given(&mut self, name: &str, value: &str) {
        if name.eq_ignore_ascii_case("host") {
            let host = split_port(value).map_or(value, |(host, _)| host);
            // Whoever tries an odd Host means it: what is no name is sent as it stands.
            self.host_header = Some(sent::host(host).unwrap_or_else(|_| plain_host(host)));
        } else {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The line that `parse` reads back.
    pub fn line(&self, catalog: &Catalog) -> String {
        let mut line = whole(&self.url());
        let mut say = |name: &str, value: &str| {
            line.push(' ');
            line.push_str(name);
            line.push(' ');
            line.push_str(&quoted(value));
        };
        if self.method != "GET" {
            say("--method", &self.method);
        }
        if let Some(host) = &self.host_header {
            say("--header", &format!("Host: {host}"));
        }
        for (name, value) in &self.headers {
            say("--header", &format!("{name}: {value}"));
        }
        if let Some(sni) = &self.sni {
            say("--sni", sni);
        }
        if let Some(client) = self.client {
            say("--client-ip", &client.to_string());
        }
        match &self.vantage {
            Vantage::External => {}
            Vantage::Namespace(namespace) => say("--from-namespace", namespace),
            Vantage::Pod { namespace, name } => say("--from-pod", &format!("{namespace}/{name}")),
        }
        if let Some((via, kind)) = self.via.as_ref().and_then(|via| Some((via, catalog.get(via.kind)?))) {
            say("--via", &format!("{}/{}/{}", kind.kind, via.namespace.as_deref().unwrap_or(""), via.name));
        }
        line
    }
}

/// Whether this is a token of HTTP: RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_letter)
}

/// Why a text is not sent as the name of a server.
const NO_NAME: &str = "this is no host name; write it like shop.example.com";

/// What a client would send as the name of a server: no address, no port.
fn server_name(text: &str) -> Option<String> {
    sent::host(text).ok().filter(|name| name.parse::<IpAddr>().is_err())
}

/// A value in quotes where a shell would want them.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,[]*%+".contains(c);
    match value {
        "" => "''".to_owned(),
        _ if value.chars().all(is_plain) => value.to_owned(),
        _ if value.contains('\'') && !value.contains('"') => format!("\"{value}\""),
        // A quote stands in quotes of the other kind.
        _ => format!("'{}'", value.replace('\'', "'\"'\"'")),
    }
}

/// A URL as one word; most are one as they stand.
fn whole(url: &str) -> String {
    let parts = |c: char| c.is_whitespace() || matches!(c, '\'' | '"');
    if url.contains(parts) { quoted(url) } else { url.to_owned() }
}

/// Words as a shell would see them: single and double quotes hold a word together.
fn words(line: &str) -> Result<Vec<String>, NotAUrl> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(NotAUrl(format!("a {open} is not closed")));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_says_all_of_a_request() {
        let catalog = Catalog::builtin();
        let line = "https://shop.example.com/cart?x=1 --method POST --header 'Host: other.example.com' \
            --header 'X-Beta: a b' --sni sni.example.com --client-ip 203.0.113.9 --from-pod shop/web-1 \
            --via Service/ingress-nginx/controller";
        let request = parse(line, &catalog).unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.name(), "other.example.com");
        assert_eq!(request.header("x-beta"), Some("a b"));
        assert_eq!(request.line(&catalog), line);
        assert_eq!(parse(&request.line(&catalog), &catalog).unwrap(), request);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let catalog = Catalog::builtin();
        let why = |line| parse(line, &catalog).unwrap_err().0;
        assert!(why("--method POST").contains("which URL"));
        assert!(why("http://a/ http://b/").contains("one URL at a time"));
        assert!(why("http://a/ --header").contains("wants a value"));
        assert!(why("http://a/ --header x").contains("'Name: value'"));
        assert!(why("http://a/ --client-ip x").contains("no address"));
        assert!(why("http://a/ --what x").contains("no such option"));
        assert!(why("http://a/ --method 'G E T'").contains("one word, like POST"));
        assert!(why("http://a/ --header 'X Y: 1'").contains("name of a header is one word"));
        assert!(why("http://a/ --sni 'a b'").contains("no host name"));
        assert!(why("http://a/ --sni 203.0.113.7").contains("no host name"));
        assert!(why("http://a/ --from-namespace a/b").contains("--from-pod namespace/name"));
        assert!(why("http://a/ 'x").contains("not closed"));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in any::<String>()) {
            let _ = parse(&line, &Catalog::builtin());
        }
    }
}
