//! Odd objects and odd addresses: whatever somebody applies or types gives an answer, and always the same one.

use crate::generated::objects;
use crate::ground::{BASE, CATALOG, Ground, config, documents};
use kplumb::kinds::{POD, Record, SERVICE};
use kplumb::manifests::records;
use kplumb::view::reverse::ways;
use kplumb::view::trace::follow::follow;
use kplumb::view::trace::request::{Request, line};
use kplumb::view::trace::text;
use proptest::prelude::*;
use proptest::sample::{Index as Pick, select};
use serde_json::{Value, json};

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn odd_objects_give_answers_and_in_any_order_the_same(
        objects in objects(), changes in prop::collection::vec((any::<Pick>(), any::<Pick>(), odd_value()), 1..12)
    ) {
        let mut objects = objects;
        for (object, place, value) in changes {
            let at = object.index(objects.len());
            spoil(&mut objects[at], place, value);
        }
        let records = readable(&objects);
        let ground = Ground::town(&records);
        let reversed = Ground::of(BASE.iter().chain(&records).rev().cloned());
        let mut requests = ground.requests();
        requests.extend(ODD_URLS.iter().filter_map(|url| Request::get(url).ok()));
        for request in &requests {
            for (world, other) in [(ground.world(), reversed.world()), (ground.files(), reversed.files())] {
                let trace = follow(&world, request);
                prop_assert_eq!(&trace, &follow(&other, request));
                prop_assert!(!text::lines(&trace, &CATALOG).is_empty());
            }
        }
        for kind in [POD, SERVICE] {
            for record in ground.cluster.of(kind) {
                prop_assert_eq!(ways(&ground.world(), record), ways(&reversed.world(), record));
            }
        }
    }

    #[test]
    fn any_text_is_a_url_or_says_why_it_is_none(text in prop_oneof![".*", odd_url()]) {
        match Request::get(&text) {
            Ok(request) => {
                let again = Request::get(&request.url());
                prop_assert_eq!(again.as_ref(), Ok(&request), "{} is written {}", text, request.url());
                let line = request.line(&CATALOG);
                let reread = line::parse(&line, &CATALOG);
                prop_assert_eq!(reread.as_ref(), Ok(&request), "{} is written {}", text, line);
            }
            Err(why) => prop_assert!(why.0.contains("is no URL"), "{}", why.0),
        }
    }

    #[test]
    fn any_url_gets_an_answer(objects in objects(), urls in prop::collection::vec(odd_url(), 8)) {
        let ground = Ground::town(&crate::ground::records(&objects));
        for request in urls.iter().filter_map(|url| Request::get(url).ok()) {
            let trace = follow(&ground.world(), &request);
            prop_assert_eq!(&trace, &follow(&ground.world(), &request));
        }
    }
}

/// Addresses that people and programs come up with.
const ODD_URLS: [&str; 22] = [
    "https://xn--bcher-kva.example.com/",
    "https://bücher.example.com/straße?q=ü",
    "http://[2001:db8::1]:8080/cart",
    "http://[::ffff:203.0.113.10]/",
    "http://a.example.com.:80/cart",
    "http://A.EXAMPLE.COM/cart",
    "http://a.example.com:65535/",
    "http://a.example.com/%2e%2e/%2E%2E/etc/passwd",
    "http://a.example.com/cart/../../..",
    "http://a.example.com/%",
    "http://a.example.com/%zz%c3%28",
    "http://a.example.com//cart///x",
    "http://a.example.com/cart;v=1?x=/../y#z",
    "http://a.example.com?x",
    "http://user:word@a.example.com/",
    "http://*.example.com/",
    "http://.example.com/",
    "http://..../",
    "http://-/",
    "http://0/",
    "http://203.0.113.10.nip.io/",
    "http://a.example.com/\u{0}\u{1b}[31m",
];

fn odd_url() -> impl Strategy<Value = String> {
    let scheme = select(vec!["http://", "https://", "HTTP://", "wss://", "", "ftp://"]);
    let host = prop_oneof![
        select(vec![
            "a.example.com",
            "*.example.com",
            "gw.example.com",
            "web.shop.svc",
            "alias.blog.svc.cluster.local",
            "[::1]",
            "[2001:db8::1",
            "::1",
            "203.0.113.10",
            "10.96.2.9",
            "xn--bcher-kva.example.com",
            "BÜCHER.example.com",
            "",
            ".",
            "a..b",
            "localhost",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9.:@\\[\\]*_-]{0,12}",
        "[a-z]{60}\\.[a-z]{70}",
    ];
    let port = select(vec!["", ":80", ":443", ":8080", ":", ":0", ":65536", ":x", ":30080"]);
    let path = prop_oneof!["(/[a-zA-Z0-9.%~()$*+?;:@& ü-]{0,6}){0,5}", "/(\\.\\.?/|%2[eEfF]|//|cart){0,8}"];
    let query = prop_oneof![Just(String::new()), "[?#][a-z=&%?/]{0,8}"];
    (scheme, host, port, path, query)
        .prop_map(|(scheme, host, port, path, query)| format!("{scheme}{host}{port}{path}{query}"))
}

fn odd_value() -> impl Strategy<Value = Option<Value>> {
    let values = vec![
        Value::Null,
        json!([]),
        json!({}),
        json!(""),
        json!(true),
        json!(0),
        json!(-1),
        json!(65_536),
        json!(i64::MAX),
        json!(1.5e300),
        json!("-7"),
        json!("*"),
        json!("*.*.com"),
        json!("["),
        json!("(?i)(a|"),
        json!("/(((((((((.*)*)*)*)*)*)*)*)*)"),
        json!("/x{1000}{1000}"),
        json!("$1$99${name}"),
        json!("/%zz/../é"),
        json!("a/b/c"),
        json!("xn--bcher-kva.example.com"),
        json!("BÜCHER.example.com"),
        json!("a.example.com:8080"),
        json!("10.0.0.300"),
        json!("2001:db8::1"),
        json!("0.0.0.0/0"),
        json!("\u{0}\u{202e}"),
        json!("a".repeat(5_000)),
        json!("http"),
        json!([null]),
        json!([[], {}]),
        json!({"": null}),
        json!("9999-99-99T99:99:99Z"),
        json!("0000-01-01T00:00:00Z"),
    ];
    prop_oneof![6 => select(values).prop_map(Some), 2 => Just(None)]
}

/// Puts a value in some place of an object, or takes out what is there; its name stays.
fn spoil(object: &mut Value, place: Pick, value: Option<Value>) {
    let mut places = Vec::new();
    collect(object, String::new(), &mut places);
    let kept = ["/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace"];
    places.retain(|place| !kept.contains(&place.as_str()));
    if places.is_empty() {
        return;
    }
    let place = place.get(&places);
    let (parent, key) = place.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (object.pointer_mut(parent), value) {
        (Some(Value::Object(map)), Some(value)) => {
            map.insert(key, value);
        }
        (Some(Value::Object(map)), None) => {
            map.remove(&key);
        }
        (Some(Value::Array(list)), value) => {
            let at: usize = key.parse().unwrap();
            // Of a list something goes, comes twice, or is odd.
            match value {
                Some(Value::Null) => list.push(list[at].clone()),
                Some(value) => list[at] = value,
                None => {
                    list.remove(at);
                }
            }
        }
        _ => {}
    }
}

/// Every place of a value, as a JSON pointer.
fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        collect(child, format!("{at}/{key}"), places);
    }
    if !at.is_empty() {
        places.push(at);
    }
}

/// The objects that can be read; what cannot is reported elsewhere.
fn readable(objects: &[Value]) -> Vec<Record> {
    records::records(&documents(objects), &CATALOG, "default").records
}
