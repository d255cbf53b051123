//! What somebody may have meant: the nearest name.

/// The nearest of several names, at most two letters away; the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.into_iter().filter(|candidate| *candidate != name).map(|c| (distance(name, c), c));
    near.filter(|(distance, _)| *distance <= 2).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must be changed, added, taken away or swapped with their neighbour.
pub fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        let above = &rows[i];
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if 0 < i && 0 < j && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_two_letters_away_is_offered() {
        assert_eq!(nearest("wbe", ["db", "web", "wbe"]), Some("web"));
        assert_eq!(nearest("checkout", ["cart", "catalog"]), None);
        assert_eq!(nearest("htps", ["http", "https", "web"]), Some("https"));
        assert_eq!(nearest("http", ["http", "gateway"]), None);
        assert_eq!((distance("", "ab"), distance("kitten", "sitting")), (2, 3));
    }
}
