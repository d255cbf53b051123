//! What somebody may have meant: the nearest name.

/// The nearest of several names, at most two letters away; the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.into_iter().filter(|candidate| *candidate != name).map(|c| (distance(name, c), c));
    near.filter(|(distance, _)| *distance <= 2).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must be changed, added or taken away.
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = before + usize::from(a != *b);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_two_letters_away_is_offered() {
        assert_eq!(nearest("wbe", ["db", "web", "wbe"]), Some("web"));
        assert_eq!(nearest("checkout", ["cart", "catalog"]), None);
        assert_eq!((distance("", "ab"), distance("kitten", "sitting")), (2, 3));
    }
}
