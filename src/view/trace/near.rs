//! What somebody may have meant: the nearest name.

/// Letters that may differ in a name that is offered for another.
const FEW: usize = 2;

/// The nearest of several names, at most two letters away; the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    closest(name, candidates.into_iter().filter(|candidate| *candidate != name), FEW)
}

/// The nearest of several names, at most so many letters away; the first of equals.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Option<&'a str> {
    let (mut found, mut most) = (None, most);
    let own = letters(name);
    for candidate in candidates {
        // A changed letter takes one away and brings one: what lacks more than may differ need not be counted.
        let theirs = letters(candidate);
        if most < ((own & !theirs).count_ones().max((theirs & !own).count_ones())) as usize {
            continue;
        }
        let Some(distance) = within(name, candidate, most) else { continue };
        found = Some(candidate);
        // Of the others only one that is nearer is of interest.
        let Some(nearer) = distance.checked_sub(1) else { break };
        most = nearer;
    }
    found
}

/// How many letters must be changed, added, taken away or swapped with their neighbour.
pub fn distance(one: &str, other: &str) -> usize {
    // More than all letters of the longer one are never changed.
    within(one, other, one.len().max(other.len())).unwrap_or(usize::MAX)
}

/// The same, where it is not more than so many.
fn within(one: &str, other: &str, most: usize) -> Option<usize> {
    let (one, other) = differing(one, other);
    // Of names as long as a host's most are too far away by their length alone, in bytes where all letters are of one.
    let is_plain = one.is_ascii() && other.is_ascii();
    if is_plain && most < one.len().abs_diff(other.len()) {
        return None;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (mut before, mut above): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=other.len()).collect());
    for (i, a) in one.iter().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        row.push(i + 1);
        for (j, b) in other.iter().enumerate() {
            let mut least = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if 0 < i && 0 < j && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        // No way from here costs less: one that swaps letters comes from the row before, and costs one more.
        if row.iter().all(|so_far| most < *so_far) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|distance| *distance <= most)
}

/// Which letters a name has, in 64 classes.
fn letters(name: &str) -> u64 {
    name.chars().fold(0, |seen, letter| seen | 1 << (u32::from(letter) % 64))
}

/// What is left of two names without the letters that they begin and end with alike: these cost nothing.
fn differing<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let begin: usize = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (one, other) = (&one[begin..], &other[begin..]);
    let ends = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b);
    let end: usize = ends.map(|(a, _)| a.len_utf8()).sum();
    (&one[..one.len() - end], &other[..other.len() - end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_two_letters_away_is_offered() {
        assert_eq!(nearest("wbe", ["db", "web", "wbe"]), Some("web"));
        assert_eq!(nearest("checkout", ["cart", "catalog"]), None);
        assert_eq!(nearest("htps", ["http", "https", "web"]), Some("https"));
        assert_eq!(nearest("http", ["http", "gateway"]), None);
        assert_eq!((distance("", "ab"), distance("kitten", "sitting")), (2, 3));
    }

    /// The whole table, which needs no thought.
    fn by_table(one: &str, other: &str) -> usize {
        let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
        for (i, a) in one.iter().enumerate() {
            let mut row = vec![i + 1];
            for (j, b) in other.iter().enumerate() {
                let mut least = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
                if 0 < i && 0 < j && *a == other[j - 1] && one[i - 1] == *b {
                    least = least.min(rows[i - 1][j - 1] + 1);
                }
                row.push(least);
            }
            rows.push(row);
        }
        rows[one.len()][other.len()]
    }

    /// Names near to each other, of few letters, so that each mistake is made often.
    fn host() -> impl Strategy<Value = String> {
        prop_oneof!["[ab]{0,6}", "[abü]{1,4}\\.[ab]{1,3}\\.(com|org)", "(www|app|ap)-?[0-9]{0,3}\\.example\\.(com|org)"]
    }

    proptest! {
        #[test]
        fn the_short_way_counts_what_the_whole_table_counts(one in host(), other in host(), most in 0usize..5) {
            let counted = by_table(&one, &other);
            prop_assert_eq!(distance(&one, &other), counted);
            prop_assert_eq!(within(&one, &other, most), Some(counted).filter(|counted| *counted <= most));
        }

        #[test]
        fn the_first_of_the_nearest_is_offered(name in host(), names in prop::collection::vec(host(), 0..12)) {
            let far = names.iter().map(|other| (by_table(&name, other), other.as_str()));
            let any = far.clone().min_by_key(|(distance, _)| *distance).map(|(_, other)| other);
            let few = far.filter(|(distance, other)| *other != name && *distance <= FEW);
            let few = few.min_by_key(|(distance, _)| *distance).map(|(_, other)| other);
            prop_assert_eq!(closest(&name, names.iter().map(String::as_str), usize::MAX), any);
            prop_assert_eq!(nearest(&name, names.iter().map(String::as_str)), few);
        }
    }
}
