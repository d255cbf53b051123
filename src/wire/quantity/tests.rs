//! What quantities mean and how they print, against what apimachinery's own tests and code say.

use super::*;
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    let (nanos, format) = parse(text).unwrap();
    print(nanos, format)
}

#[test]
fn quantities_print_as_the_server_prints_them() {
    let pairs = [
        ("0", "0"),
        ("0Ki", "0"),
        ("128Mi", "128Mi"),
        ("1024Ki", "1Mi"),
        ("1000Ki", "1000Ki"),
        ("1Ki", "1Ki"),
        ("0.5Ki", "512"),
        ("1.5Gi", "1536Mi"),
        ("0.5", "500m"),
        ("1.5", "1500m"),
        ("1500m", "1500m"),
        ("2000m", "2"),
        ("100k", "100k"),
        ("1000k", "1M"),
        ("10", "10"),
        ("100000", "100k"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("1E3", "1e3"),
        ("100e-3", "100e-3"),
        ("15e-4", "1500e-6"),
        ("1E", "1E"),
        ("1Ei", "1Ei"),
        ("16Ei", "9223372036854775807"),
        ("-128Mi", "-128Mi"),
        ("-0.3n", "-1n"),
        ("0.1n", "1n"),
        ("0.0000000001", "1n"),
        ("0.0001Ki", "102400u"),
        ("1.0000000000001Ki", "1024000000001n"),
        ("+5", "5"),
        ("007", "7"),
        ("1.", "1"),
    ];
    for (text, want) in pairs {
        assert_eq!(canonical(text), want, "{text}");
    }
}

#[test]
fn what_the_server_refuses_has_no_amount() {
    for text in ["", "abc", "1x", "1Kii", "1 Mi", "1e", "1e1.5", "--1", "1.2.3", "1ki", "½", "1e9999999999999999999999"]
    {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn absurd_amounts_saturate() {
    let huge = "9".repeat(5000);
    assert_eq!(parse(&huge), Some((i128::MAX, Format::DecimalSi)));
    assert_eq!(parse("1e999999999").unwrap().0, i128::MAX);
    assert_eq!(parse("1e-999999999").unwrap().0, 1);
    assert_eq!(parse(&format!("{huge}Ei")).unwrap().0, i128::from(i64::MAX) * NANOS);
    assert_eq!(print(i128::MAX, Format::DecimalSi), format!("{}n", i128::MAX));
    assert_eq!(print(i128::MIN, Format::BinarySi), format!("{}n", i128::MIN));
}

#[test]
fn json_numbers_and_strings_are_quantities() {
    let read = |json: &str| serde_json::from_str::<Quantity>(json).unwrap().amount();
    assert_eq!(read("\"1Gi\""), Some(((1 << 30) * NANOS, Format::BinarySi)));
    assert_eq!(read("3"), Some((3 * NANOS, Format::DecimalSi)));
    assert_eq!(read("0.5"), Some((NANOS / 2, Format::DecimalSi)));
    assert_eq!(read("null"), None);
    assert_eq!(Quantity { string: "1500m".into() }.value(), Some(2));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn near_quantities_never_panic(text in "[-+]?[0-9.]{0,60}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,12}") {
        if let Some((nanos, format)) = parse(&text) {
            prop_assert!(!print(nanos, format).is_empty());
        }
    }

    #[test]
    fn printing_loses_nothing(nanos in any::<i128>(), format in prop_oneof![
        Just(Format::DecimalExponent), Just(Format::DecimalSi)
    ]) {
        let nanos = nanos / 4;
        prop_assert_eq!(parse(&print(nanos, format)).map(|(n, _)| n), Some(nanos));
    }

    #[test]
    fn binary_printing_loses_nothing(value in any::<i64>()) {
        let nanos = i128::from(value.max(-i64::MAX)) * NANOS;
        prop_assert_eq!(parse(&print(nanos, Format::BinarySi)).map(|(n, _)| n), Some(nanos));
    }

    #[test]
    fn a_suffix_multiplies(number in 0..1_000_000_i128, at in 0..10_usize) {
        let (nanos, _) = parse(&format!("{number}{}", DECIMAL[at])).unwrap();
        prop_assert_eq!(nanos, number * 1000_i128.pow(at as u32));
    }
}
