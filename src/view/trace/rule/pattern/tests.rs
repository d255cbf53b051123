//! Expressions of nginx: what is refused, what is followed, and what is left open.

use super::*;

#[test]
fn only_what_is_sure_to_be_refused_is_called_so() {
    for (path, refused) in [
        ("/foo(/|$)(.*)", false),
        ("/foo(/|$", true),
        ("/foo)", true),
        ("/foo[a-z", true),
        ("/[]a]", false),
        ("/[[:alpha:]]+", false),
        ("/a\\", true),
        ("/a\\(", false),
        ("/(*)", true),
        ("/a(?:b|c)+?", false),
        ("/a(?!b)", false),
        ("/a**", true),
        ("/a++", false),
        ("/.*", false),
        ("/a|*b", true),
    ] {
        assert_eq!(matches!(of_location(path), Pattern::Refused(_)), refused, "{path}");
    }
}

#[test]
fn the_dialect_of_nginx_is_translated_or_left_open() {
    // Each line: a path of a rule, a path of a request, whether it matches; none where that is not known.
    for (path, asked, wanted) in [
        ("/mydemo(/|$)(.*)", "/MyDemo/health", Some(true)),
        ("/mydemo(/|$)(.*)", "/mydemofoo", Some(false)),
        ("/mydemo(/|$)(.*)", "/x/mydemo/", Some(false)),
        ("/a++", "/aaa", Some(true)),
        ("/(a*+)", "/aaa", Some(true)),
        ("/a++b", "/b", Some(false)),
        ("/a++ab", "/aab", None),
        ("/(?!api)x", "/y", Some(false)),
        ("/(?!api)x", "/x", Some(true)),
        ("/(?!api).*", "/web", Some(true)),
        ("/(?!api).*", "/API/x", Some(false)),
        ("/(?!api|admin$).*", "/admin", Some(false)),
        ("/(?!api|admin$).*", "/admins", Some(true)),
        ("/app(?=/|$)(.*)", "/app/x", Some(true)),
        ("/app(?=/|$)(.*)", "/apple", Some(false)),
        ("/a.(?!b)", "/axc", None),
        ("/(?!a)|/b", "/c", None),
        ("/(?<=x)y", "/z", Some(false)),
        (r"/(\w)\1", "/aa", None),
        (r"/(\w)\1", "/", Some(false)),
        ("/x(?>a|ab)c", "/xd", Some(false)),
        ("/x(?>a|ab)c", "/xac", None),
        (r"/[\w-.]+$", "/a-b.c", Some(true)),
        (r"/[\w-.]+$", "/a~b", Some(false)),
        ("/[[:digit:]]+$", "/42", Some(true)),
        ("/[a[]$", "/[", Some(true)),
        ("/{id}", "/{id}", Some(true)),
        ("/a{2}$", "/aa", Some(true)),
        ("/a{2}$", "/a", Some(false)),
        (r"/\Qa.b\E$", "/a.b", Some(true)),
        (r"/\Qa.b\E$", "/axb", Some(false)),
        (r"/\<a", "/<a", Some(true)),
        ("/(?<id>x)y", "/xy", Some(true)),
        ("/(?#note)x", "/x", Some(true)),
        ("/(?R)", "/x", None),
        (r"/a\/b", "/a/b", Some(true)),
    ] {
        assert_eq!(of_location(path).matches(asked).ok(), wanted, "{path} {asked}");
    }
    assert_eq!(of_rewrite("/mydemo(/|$)(.*)").groups(), Some(2));
    assert_eq!(of_rewrite("/(?!x)(.*)").groups(), Some(1));
    assert_eq!(of_rewrite("/.(?!x)(.*)").groups(), None);
}
