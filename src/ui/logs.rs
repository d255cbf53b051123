//! Lines of logs: how the streams are, lines over time, then the lines, the selected one marked.

use crate::app::layout::logs::Places;
use crate::app::scene::{Chart, LogsPane};
use crate::ui::empty;
use crate::ui::scroll::Scroll;
use crate::ui::spans::{over_row, put_line, selection};
use crate::ui::symbol;
use crate::ui::text::put;
use crate::ui::theme::{Role, Theme, Themed};
use crate::wire::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// Bars by their height; nothing is no bar.
const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

impl Widget for &Themed<'_, LogsPane> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let LogsPane { head, chart, window, empty: said, .. } = self.what;
        let places = self.what.places(area);
        for (line, y) in head.iter().zip(places.head.rows().map(|row| row.y)) {
            put_line(buffer, (area.x + 1, y), area.right(), line, (self.theme, Style::new()));
        }
        if let Some(chart) = chart.as_ref().filter(|_| !places.chart.is_empty()) {
            paint_chart(chart, &places, buffer, self.theme);
        }
        let body = places.body;
        if window.rows.is_empty() {
            return empty::paint(said, body, buffer, self.theme);
        }
        let scroll = Scroll { first: window.first, shown: window.rows.len(), all: window.all, theme: self.theme };
        let right = body.right().saturating_sub(scroll.room());
        for (index, row) in window.rows.iter().take(usize::from(body.height)).enumerate() {
            let y = body.y + index as u16;
            let over = selection(self.theme, row.is_selected);
            over_row(buffer, body.x, y, right, over);
            if row.is_selected {
                put(buffer, (body.x, y), right, symbol::SELECTED, self.theme.style(Role::SelectionMark).patch(over));
            }
            put_line(buffer, (body.x + 1, y), right, &row.line, (self.theme, over));
        }
        scroll.render(body, buffer);
    }
}

/// Lines, errors, and from when to when.
fn paint_chart(chart: &Chart, places: &Places, buffer: &mut Buffer, theme: &Theme) {
    let bars = places.bars;
    let dim = theme.style(Role::Dim);
    let most = chart.bars.counts.iter().map(|count| count.lines).max().unwrap_or(0);
    let worst = chart.bars.counts.iter().map(|count| count.errors).max().unwrap_or(0);
    put(buffer, (places.chart.x + 1, bars.y), bars.x, "lines", dim);
    put(buffer, (places.chart.x + 1, bars.y + 1), bars.x, "errors", dim);
    for (index, count) in chart.bars.counts.iter().take(usize::from(bars.width)).enumerate() {
        let x = bars.x + index as u16;
        let over = selection(theme, chart.here == Some(index));
        let lines = theme.style(Role::Text).patch(over);
        let errors = theme.style(Role::Failed).patch(over);
        put(buffer, (x, bars.y), bars.right(), bar(count.lines, most), lines);
        put(buffer, (x, bars.y + 1), bars.right(), bar(count.errors, worst), errors);
    }
    let time = |second: i64| Timestamp::from_seconds(second).rfc3339().get(11..19).unwrap_or_default().to_owned();
    let begin = time(chart.bars.first);
    let end = time(chart.bars.begin(chart.bars.counts.len()));
    let before = if 0 < chart.bars.before { format!(", {} older", chart.bars.before) } else { String::new() };
    let step = chart.bars.length();
    let long = format!("{begin} to {end}, {step} a bar, at most {most} lines and {worst} errors in one{before}");
    let short = format!("{begin}–{end}, {step} a bar, most {most} lines, {worst} errors{before}");
    let with_keys = [format!("{long}; < > or a press goes to one"), format!("{short}; < > move")];
    let all = [&with_keys[0], &with_keys[1], &long, &short];
    let text = all.into_iter().find(|text| text.chars().count() <= usize::from(bars.width)).unwrap_or(&short);
    put(buffer, (bars.x, bars.y + 2), bars.right(), text, dim);
}

/// A bar of a height between nothing and all; what is there is seen, however little it is.
fn bar(count: u32, most: u32) -> &'static str {
    let eighths = (u64::from(count) * 8).div_ceil(u64::from(most.max(1)));
    BARS[usize::try_from(eighths).unwrap_or(8).min(8)]
}
