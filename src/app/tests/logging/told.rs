//! What the screen tells of filters and searches without being asked, and how much room its lines have.

use super::*;

#[test]
fn what_is_filtered_by_and_searched_for_is_told_with_its_keys() {
    let mut app = logs((80, 24), "web");
    keys(&mut app, "f");
    assert!(message(&app.scene()).contains("level:warn status=500"), "{}", message(&app.scene()));
    keys(&mut app, "served<enter>");
    assert_eq!(message(&app.scene()), "None", "the head has room for it");
    keys(&mut app, "f \"a long text that no line of these has\"");
    keys(&mut app, "<enter>");
    assert!(message(&app.scene()).ends_with(": F lists its terms"), "{}", message(&app.scene()));
}

#[test]
fn logs_have_more_than_half_of_the_screen_beside_a_table() {
    for (width, least) in [(120, 55), (160, 90), (200, 115)] {
        let mut app = logs((width, 40), "web");
        if width < 160 {
            keys(&mut app, "Z");
        }
        let area = app.log_area();
        assert!(least <= area.width && area.width < width, "{width}: {area:?}");
    }
}
