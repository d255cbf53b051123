//! The columns of a list, where the screen has room for them: what is told of each entry stands below each other.

use super::Entry;
use crate::view::fit::width;

/// Selection, mark, state and a space before the text of a list's entries.
pub const GUTTER: usize = 4;

/// That, and the bar at the right that shows where one is.
const MARGIN: usize = GUTTER + 1;

/// Between columns.
pub const GAP: usize = 2;

/// The widest that a column but the last may be, the better first.
const WIDEST: [usize; 2] = [34, 24];

/// The least room for the last column, which says why.
const LEAST: usize = 36;

/// How many columns stand before the last.
const BEFORE: usize = 4;

/// Where the columns of a list stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The room of the text before them.
    pub text: usize,
    /// Their names and their room.
    pub heads: [(&'static str, usize); BEFORE + 1],
}

impl Columns {
    /// The columns of these routes; none where there is no room for all of them.
    pub fn of_routes(entries: &[Entry], room: usize) -> Option<Self> {
        let names = ["VERDICT", "BACKENDS", "CERT", "OBJECT", "WHY"];
        let longest = |texts: &mut dyn Iterator<Item = &str>| texts.map(width).max().unwrap_or(0);
        let text = longest(&mut entries.iter().map(|entry| entry.text.as_str())).min(room * 3 / 10);
        let needs: Vec<usize> = (0..BEFORE)
            .map(|at| longest(&mut entries.iter().filter_map(|entry| entry.cells.get(at)).map(String::as_str)))
            .collect();
        WIDEST.into_iter().find_map(|widest| {
            let mut heads = names.map(|name| (name, width(name)));
            for (head, need) in heads.iter_mut().zip(&needs) {
                head.1 = head.1.max(*need).min(widest);
            }
            let taken = MARGIN + text + heads[..BEFORE].iter().map(|(_, room)| room + GAP).sum::<usize>() + GAP;
            heads[BEFORE].1 = room.checked_sub(taken).filter(|rest| LEAST <= *rest)?;
            Some(Self { text, heads })
        })
    }

    /// Whether all that is told of an entry fits.
    pub fn hold(&self, entry: &Entry) -> bool {
        let mut cells = entry.cells.iter().zip(&self.heads);
        width(&entry.text) <= self.text && cells.all(|(cell, (_, room))| width(cell) <= *room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str, cells: [&str; 5]) -> Entry {
        Entry { text: text.to_owned(), cells: cells.map(str::to_owned).to_vec(), ..Entry::default() }
    }

    #[test]
    fn columns_take_what_they_need_and_the_last_takes_the_rest() {
        let routes = [
            route("https://shop.example.com/", ["ok", "storefront", "57d", "shop-prod ing/shop", ""]),
            route("https://a.example.com/", ["broken", "", "", "shop-prod ing/a", "SV-ZERO: nobody"]),
        ];
        let columns = Columns::of_routes(&routes, 160).unwrap();
        assert_eq!(columns.text, 25);
        assert_eq!(columns.heads.map(|(_, room)| room), [7, 10, 4, 18, 160 - MARGIN - 25 - 39 - 5 * GAP]);
        assert!(routes.iter().all(|route| columns.hold(route)));
        assert!(!columns.hold(&route("https://shop.example.com/catalog", ["", "", "", "", ""])));
        assert_eq!(Columns::of_routes(&routes, 80), None);
    }
}
