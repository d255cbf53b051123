//! Paints the app: everything here reads and remembers nothing, and every string of a cluster is made harmless on the way.

pub mod ascii;
pub mod bars;
pub mod detail;
pub mod dialog;
pub mod empty;
pub mod export;
pub mod home;
pub mod logs;
pub mod picker;
pub mod reading;
pub mod scroll;
pub mod spans;
pub mod symbol;
pub mod table;
pub mod text;
pub mod theme;

pub use self::theme::{Depth, Role, Theme};

use crate::app::scene::{Content, Pane, Scene};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// Paints a scene. A terminal that has shrunk meanwhile cuts it; nothing is ever painted outside.
pub fn paint(scene: &Scene, buffer: &mut Buffer, theme: &Theme) {
    let all = buffer.area;
    buffer.set_style(all, theme.style(Role::Text));
    let panes = &scene.panes;
    theme.on(&scene.title).render(panes.title.intersection(all), buffer);
    pane(&scene.main, scene, buffer, theme);
    if let Some(side) = &scene.side {
        rule(side, buffer, theme);
        pane(side, scene, buffer, theme);
    }
    theme.on(&scene.message).render(panes.message.intersection(all), buffer);
    theme.on(&scene.hints).render(panes.hints.intersection(all), buffer);
    if let Some(choices) = &scene.choices {
        theme.on(choices).render(panes.choices.intersection(all), buffer);
    }
    if let Some(dialog) = &scene.dialog {
        let over = Rect { x: all.x, width: all.width, ..panes.main };
        theme.on(dialog).render(over.intersection(all), buffer);
    }
    if theme.ascii {
        ascii::reduce(buffer);
    }
}

fn pane(pane: &Pane, scene: &Scene, buffer: &mut Buffer, theme: &Theme) {
    let area = pane.area.intersection(buffer.area);
    match &pane.content {
        Content::Home(home) => theme.on(home).render(area, buffer),
        Content::Table(table) => theme.on(table).render(area, buffer),
        Content::Detail(detail) => theme.on(detail).render(area, buffer),
        Content::Text(text) => theme.on(text).render(area, buffer),
        Content::Logs(logs) => theme.on(logs).render(area, buffer),
        Content::Picker(picker) => theme.on(picker).render(area, buffer),
        Content::Empty(lines) => empty::paint(lines, area, buffer, theme),
    }
    let holds_data = matches!(pane.content, Content::Home(_) | Content::Table(_) | Content::Detail(_));
    if scene.stale_since.is_some() && holds_data {
        buffer.set_style(area, theme.stale(ratatui::style::Style::new()));
    }
}

/// The rule left of the side pane; it stands out where the pane has the keys.
fn rule(side: &Pane, buffer: &mut Buffer, theme: &Theme) {
    let role = if side.focused { Role::BorderFocus } else { Role::Border };
    let Some(x) = side.area.x.checked_sub(1) else { return };
    for y in side.area.y..side.area.bottom() {
        text::put(buffer, (x, y), x + 1, symbol::RULE, theme.style(role));
    }
}

#[cfg(test)]
mod tests;
