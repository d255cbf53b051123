//! What people write into nginx's configuration themselves: whether it may answer a request, or lead it elsewhere. What it
//! would come to is not told.
//!
//! Facts: nginx.tmpl of ingress-nginx: where snippets stand, `plugins.run()`, `buildModSecurityForLocation`.

use crate::kinds::Record;
use crate::view::trace::facts;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::rule::pattern;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::{self, Options, global, truth};
use crate::view::trace::world::World;

/// Directives that answer, that lead elsewhere or that keep clients out.
const DECIDING: [&str; 21] = [
    "alias",
    "allow",
    "auth_basic",
    "auth_digest",
    "auth_jwt",
    "auth_request",
    "deny",
    "error_page",
    "fastcgi_pass",
    "grpc_pass",
    "internal",
    "limit_except",
    "modsecurity",
    "proxy_pass",
    "return",
    "rewrite",
    "root",
    "satisfy",
    "ssl_verify_client",
    "try_files",
    "uwsgi_pass",
];

/// Variables by which the template itself chooses backends.
const CHOOSING: [&str; 3] = ["$proxy_upstream_name", "$proxy_alternative_upstream_name", "$best_http_host"];

/// Snippets that hold for every location of a server, and for every server.
pub fn of_server(world: &World, controller: &Controller, server: Option<&Server>, asked: (&str, &str)) -> Vec<Hop> {
    let mut hops = Vec::new();
    if let Some(map) = settings::map(controller) {
        let keys = ["http-snippet", "server-snippet"];
        hops.extend(keys.into_iter().filter_map(|key| by_map(world, map, key, asked)));
        let plugins = global(controller, "plugins").filter(|names| !names.is_empty());
        let said =
            |names| format!("plugins {names} of {} see every request: what they do is not told", world.title(&map.key));
        hops.extend(plugins.map(|names| Hop::unknown(HopKind::Filter, said(names)).at(&map.key)));
    }
    let Some(server) = server else { return hops };
    let mut seen: Vec<&Record> = Vec::new();
    for location in &server.locations {
        if !seen.iter().any(|have| have.key == location.ingress.key) {
            seen.push(location.ingress);
            hops.extend(by_annotation(&Options::of(location.ingress, controller), "server-snippet", asked));
        }
    }
    hops
}

/// Those of one location, and the firewall before it.
pub fn of_location(world: &World, options: &Options, asked: (&str, &str)) -> Vec<Hop> {
    let map = settings::map(options.controller());
    let common = map.and_then(|map| by_map(world, map, "location-snippet", asked));
    let own = by_annotation(options, "configuration-snippet", asked);
    common.into_iter().chain(own).chain(firewall(options)).collect()
}

fn by_map(world: &World, map: &Record, key: &str, (host, path): (&str, &str)) -> Option<Hop> {
    let read = facts::config_map(map).filter(|read| read.has(key))?;
    // One that is too long is not kept.
    let word = match read.value(key) {
        Some(text) => deciding(text, host, path)?,
        None => "it is too long to be read".to_owned(),
    };
    let said =
        format!("{key} of {} may decide about this request ({word}): what it does is not told", world.title(&map.key));
    Some(Hop::unknown(HopKind::Filter, said).at(&map.key))
}

fn by_annotation(options: &Options, name: &str, (host, path): (&str, &str)) -> Option<Hop> {
    let text = options.raw(name)?;
    // Where they are not allowed the controller ignores them.
    let said = options.global("allow-snippet-annotations").and_then(truth);
    let is_known = matches!(options.controller().settings, Settings::Known(_));
    if is_known && said != Some(true) {
        return None;
    }
    let word = deciding(text, host, path)?;
    let said = format!("{name} may decide about this request ({word}): what it does is not told");
    Some(Hop::unknown(HopKind::Filter, said).at(&options.ingress().key))
}

/// One directive of a snippet: its words, and what stands in its braces.
struct Directive<'t> {
    words: Vec<&'t str>,
    block: &'t str,
}

/// The first directive of a snippet that may decide about a request for this host and path.
fn deciding(text: &str, host: &str, path: &str) -> Option<String> {
    directives(text).into_iter().find_map(|Directive { words, block }| {
        let (name, rest) = words.split_first()?;
        let is_deciding = match *name {
            "location" => takes(rest, path),
            // A server of its own is for its own names.
            "server" => block.split(|letter: char| letter.is_whitespace() || letter == ';').any(|word| word == host),
            "if" => return deciding(block, host, path).map(|inner| format!("if … {inner}")),
            "set" => rest.first().is_some_and(|variable| CHOOSING.contains(variable)),
            name => DECIDING.contains(&name) || name.contains("_by_lua"),
        };
        is_deciding.then(|| words.join(" "))
    })
}

/// Whether a location may take a path: what expressions take is not told, unless they surely do not.
fn takes(words: &[&str], path: &str) -> bool {
    match words {
        ["=", exact] => *exact == path,
        ["~" | "~*", expression] => {
            pattern::plain(&format!("(?i){}", expression.trim_matches('"'))).matches(path) != Ok(false)
        }
        ["^~", start] | [start] => path.starts_with(start),
        _ => true,
    }
}

/// The directives of a text, without comments.
fn directives(text: &str) -> Vec<Directive<'_>> {
    let (mut found, mut words, mut from, mut at) = (Vec::new(), Vec::new(), None::<usize>, 0);
    while let Some(letter) = text[at..].chars().next() {
        let next = at + letter.len_utf8();
        let is_end = letter.is_whitespace() || matches!(letter, ';' | '{' | '}');
        match letter {
            '#' if from.is_none() => {
                at = text[at..].find('\n').map_or(text.len(), |end| at + end);
                continue;
            }
            '"' | '\'' if from.is_none() => {
                let end = text[next..].find(letter).map_or(text.len(), |end| next + end + 1);
                words.push(&text[at..end]);
                at = end;
                continue;
            }
            _ if is_end => words.extend(from.take().map(|from| &text[from..at])),
            _ => {
                from.get_or_insert(at);
            }
        }
        at = next;
        if letter == ';' {
            found.push(Directive { words: std::mem::take(&mut words), block: "" });
        } else if letter == '{' {
            let end = end_of_block(text, next);
            found.push(Directive { words: std::mem::take(&mut words), block: &text[next..end] });
            at = (end + 1).min(text.len());
        }
    }
    words.extend(from.map(|from| &text[from..]));
    found.push(Directive { words, block: "" });
    found
}

/// The place of the brace that closes the block which begins here.
fn end_of_block(text: &str, from: usize) -> usize {
    let mut depth = 1;
    let closes = |(_, letter): &(usize, char)| {
        depth += match letter {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0
    };
    text[from..].char_indices().find(closes).map_or(text.len(), |(end, _)| from + end)
}

/// ModSecurity: what it refuses is known to its rules alone.
fn firewall(options: &Options) -> Option<Hop> {
    options.switch("enable-modsecurity", false).then(|| {
        let said = "ModSecurity looks at the request: whether its rules refuse it is not told";
        Hop::new(HopKind::Filter, said).at(&options.ingress().key).sure(Confidence::NeedsProbe)
    })
}

#[cfg(test)]
mod tests {
    use super::deciding;

    #[test]
    fn what_is_for_another_host_or_path_decides_nothing() {
        let told = |text: &str| deciding(text, "a.example", "/api/x");
        for idle in [
            "more_set_headers \"A: b; return 403\";\nproxy_set_header X-Y $host;\n# return 403;",
            "add_header A b; # return 403;",
            "set $x 1; if ($x) { set $y 1; }",
            "location /other { return 403; }",
            "location = /api { deny all; }",
            "location ~ ^/x { deny all; }",
            "map $a $b { default 0; }\nserver { listen 2443; return 308 https://$host$request_uri; }",
        ] {
            assert_eq!(told(idle), None, "{idle}");
        }
        for (telling, by) in [
            ("if ($host = a) { return 403; }", "if … return 403"),
            ("more_set_headers \"A: b\";\n return 403;", "return 403"),
            ("location /api { return 403; }", "location /api"),
            ("location ~* \"^/API/\" { deny all; }", "location ~* \"^/API/\""),
            ("server { listen 80; server_name b.example a.example; return 403; }", "server"),
            ("set $proxy_upstream_name x;", "set $proxy_upstream_name x"),
            ("access_by_lua_block { if x then ngx.exit(403) end }", "access_by_lua_block"),
            ("deny all", "deny all"),
        ] {
            assert_eq!(told(telling).as_deref(), Some(by), "{telling}");
        }
    }
}
