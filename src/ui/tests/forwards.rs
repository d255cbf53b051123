//! The list of forwarded ports.

use super::scenes::scene;
use crate::app::Size;
use crate::app::scene::{Content, Entry, PickerPane, Scene};
use crate::kinds::Health;
use crate::view::line::{Role, Span};

/// Every scene by name, at a size.
pub fn all(size: Size) -> Vec<(&'static str, Scene)> {
    vec![("forwards", list(size))]
}

fn list(size: Size) -> Scene {
    let entry = |health, text: &str, detail: &str| Entry {
        health: Some(health),
        text: text.to_owned(),
        detail: detail.to_owned(),
        ..Entry::default()
    };
    let entries = vec![
        entry(
            Health::Ready,
            "http://127.0.0.1:8080",
            "open  service/checkout:80 in shop-prod  pod/checkout-7c9f8-x2m4q:8080  2 connections  812 B out  1.4 MB in  4m",
        ),
        entry(
            Health::Warn,
            "127.0.0.1:5432",
            "waiting: no pod of mysql is ready  statefulset/mysql:3306 in data  0 connections  0 B out  0 B in  12s  moved once",
        ),
        entry(
            Health::Unknown,
            "127.0.0.1:9090",
            "ended: the pod is gone: the forward ended with it  last error: connection refused  pod/orders-0:metrics in shop-prod  3.0 kB out  12.9 kB in  1h",
        ),
    ];
    let title = "ports of 127.0.0.1 that are forwarded: <enter> opens what they lead to, x closes one".to_owned();
    let pane =
        PickerPane { title, all: entries.len(), entries, columns: None, first: 0, selected: Some(0), told: Vec::new() };
    let mut scene = scene(size, false, Content::Picker(pane));
    scene.title.left.truncate(2);
    scene.title.left.push(Span::new("forwards", Role::Header));
    scene.title.right.insert(0, Span::new("2 forwards", Role::Accent));
    scene
}
