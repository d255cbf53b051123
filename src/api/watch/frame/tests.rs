//! However the bytes are chopped on their way, the same objects come out; and whatever the bytes are, nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

/// One field of wire type 2.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

fn protobuf_list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut list = field(1, &ListMeta { resource_version: "7".into(), ..ListMeta::default() }.encode_to_vec());
    for item in items {
        list.extend(field(2, item));
    }
    envelope::close("v1", "PodList", list)
}

/// Feeds `bytes` in pieces of `size` and collects what comes out; metadata as `@version`.
fn cut_protobuf(bytes: &[u8], size: usize) -> Result<Vec<Vec<u8>>, Broken> {
    let (mut list, mut out) = (ProtobufList::default(), Vec::new());
    for piece in bytes.chunks(size.max(1)) {
        list.push(piece);
        while let Some(part) = list.cut()? {
            out.push(told(part));
        }
    }
    list.finish().map(|()| out)
}

fn cut_json(bytes: &[u8], size: usize) -> Result<Vec<Vec<u8>>, Broken> {
    let (mut list, mut out) = (JsonList::default(), Vec::new());
    for piece in bytes.chunks(size.max(1)) {
        list.push(piece);
        while let Some(part) = list.cut()? {
            out.push(told(part));
        }
    }
    list.finish().map(|()| out)
}

fn told(part: Part<'_>) -> Vec<u8> {
    match part {
        Part::Meta(meta) => format!("@{}", meta.resource_version).into_bytes(),
        Part::Item(item) => item.to_vec(),
    }
}

#[test]
fn a_json_list_gives_its_items_wherever_its_metadata_stands() {
    let items = [r#"{"a":"]}\\\"{["}"#, r#"{"b":[1,{"c":[]}]}"#];
    let joined = items.join(" ,\n");
    for text in [
        format!(r#"{{"kind":"L","metadata":{{"resourceVersion":"7"}},"items":[{joined}]}}"#),
        format!(r#" {{ "items" : [ {joined} ] , "more": 12, "x": null, "metadata" : {{"resourceVersion":"7"}} }} "#),
    ] {
        for size in 1..text.len() {
            let mut out = cut_json(text.as_bytes(), size).unwrap();
            out.sort();
            assert_eq!(out, [b"@7".to_vec(), items[0].into(), items[1].into()], "{size}: {text}");
        }
    }
}

#[test]
fn an_empty_list_may_be_null_or_nothing() {
    for text in [r#"{"metadata":{},"items":[]}"#, r#"{"metadata":{},"items":null}"#, r#"{"items":[],"metadata":{}}"#] {
        assert_eq!(cut_json(text.as_bytes(), 3).unwrap(), [b"@".to_vec()], "{text}");
    }
    assert_eq!(cut_protobuf(&protobuf_list(&[]), 3).unwrap(), [b"@7".to_vec()]);
}

#[test]
fn a_list_that_was_cut_off_is_not_taken_for_whole() {
    let bytes = protobuf_list(&[b"abc".to_vec(), b"defg".to_vec()]);
    for end in 0..bytes.len() {
        assert!(cut_protobuf(&bytes[..end], 5).is_err(), "{end}");
    }
    let text = br#"{"metadata":{},"items":[{"a":1},{"b":2}]}"#;
    for end in 0..text.len() {
        assert_eq!(cut_json(&text[..end], 5), Err(Broken::Cut), "{end}");
    }
}

#[test]
fn a_body_of_another_language_is_refused() {
    assert_eq!(cut_protobuf(b"<html>oh no</html>", 4), Err(Broken::Language));
    assert_eq!(cut_json(b"<html>oh no</html>", 4), Err(Broken::Language));
    let mut watch = JsonWatch::default();
    watch.push(b"<html>\n");
    assert_eq!(watch.cut(), Err(Broken::Language));
}

fn frame(event: &str, object: &[u8]) -> Vec<u8> {
    let raw = envelope::close("v1", "Pod", object.to_vec());
    let object = Some(envelope::RawExtension { raw });
    let message = envelope::WatchEvent { r#type: event.to_owned(), object }.encode_to_vec();
    let mut bytes = (message.len() as u32).to_be_bytes().to_vec();
    bytes.extend(message);
    bytes
}

#[test]
fn watch_frames_are_cut_in_both_languages_whatever_the_pieces() {
    let words = [
        ("ADDED", Event::Applied),
        ("DELETED", Event::Deleted),
        ("BOOKMARK", Event::Bookmark),
        ("ERROR", Event::Error),
    ];
    let protobuf: Vec<u8> = words.iter().flat_map(|(word, _)| frame(word, b"{}")).collect();
    let json = words.map(|(word, _)| format!("{{\"type\":\"{word}\",\"object\":{{}}}}\n\n")).concat();
    for size in 1..protobuf.len() {
        let (mut watch, mut seen) = (ProtobufWatch::default(), Vec::new());
        for piece in protobuf.chunks(size) {
            watch.push(piece);
            while let Some(frame) = watch.cut().unwrap() {
                assert_eq!(&*frame.object, b"{}");
                seen.push(frame.event);
            }
        }
        assert_eq!(seen, words.map(|(_, event)| event));
        let (mut watch, mut seen) = (JsonWatch::default(), Vec::new());
        for piece in json.as_bytes().chunks(size) {
            watch.push(piece);
            while let Some(frame) = watch.cut().unwrap() {
                assert_eq!(&*frame.object, b"{}");
                seen.push(frame.event);
            }
        }
        assert_eq!(seen, words.map(|(_, event)| event));
    }
}

#[test]
fn a_frame_that_is_cut_mid_object_is_kept_back() {
    let whole = frame("ADDED", b"abc");
    let mut watch = ProtobufWatch::default();
    watch.push(&whole[..whole.len() - 1]);
    assert_eq!(watch.cut(), Ok(None));
    let mut watch = JsonWatch::default();
    watch.push(br#"{"type":"ADDED","object":{"a":1"#);
    assert_eq!(watch.cut(), Ok(None));
}

#[test]
fn invalid_utf8_in_a_line_costs_only_its_letters() {
    let mut watch = JsonWatch::default();
    watch.push(b"{\"type\":\"ADDED\",\"object\":{\"a\":\"x\xffy\"}}\n");
    let frame = watch.cut().unwrap().unwrap();
    assert_eq!(&*frame.object, "{\"a\":\"x\u{fffd}y\"}".as_bytes());
}

#[test]
fn absurd_lengths_are_refused_before_memory_is_spent() {
    let mut watch = ProtobufWatch::default();
    watch.push(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(watch.cut(), Err(Broken::TooLong));
    let mut list = MAGIC.to_vec();
    list.extend([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x12, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(cut_protobuf(&list, 64), Err(Broken::TooLong));
}

proptest! {
    #[test]
    fn a_protobuf_list_survives_any_chopping(
        items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8),
        size in 1_usize..64,
    ) {
        let mut expected = vec![b"@7".to_vec()];
        expected.extend(items.iter().cloned());
        prop_assert_eq!(cut_protobuf(&protobuf_list(&items), size).unwrap(), expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 1_usize..64) {
        let _ = cut_protobuf(&bytes, size);
        let _ = cut_protobuf(&[MAGIC.as_slice(), &bytes].concat(), size);
        let _ = cut_json(&bytes, size);
        let _ = cut_json(&[b"{\"items\":[".as_slice(), &bytes].concat(), size);
        let (mut protobuf, mut json) = (ProtobufWatch::default(), JsonWatch::default());
        protobuf.push(&bytes);
        json.push(&bytes);
        while let Ok(Some(_)) = protobuf.cut() {}
        while let Ok(Some(_)) = json.cut() {}
    }
}
