//! The words of the pages in each language, and which language a browser gets.
//!
//! One Fluent file per locale under `templates/locale`; a new locale is that file and one line in [`LOCALES`].

use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// Tag, written from right to left, texts. The first one serves whoever asks for none of them.
pub(super) const LOCALES: [(&str, bool, &str); 6] = [
    ("en", false, include_str!("../../templates/locale/en.ftl")),
    ("de", false, include_str!("../../templates/locale/de.ftl")),
    ("fr", false, include_str!("../../templates/locale/fr.ftl")),
    ("es", false, include_str!("../../templates/locale/es.ftl")),
    ("ja", false, include_str!("../../templates/locale/ja.ftl")),
    ("ar", true, include_str!("../../templates/locale/ar.ftl")),
];

static TEXTS: LazyLock<Vec<Texts>> =
    LazyLock::new(|| LOCALES.iter().map(|(tag, rtl, source)| Texts::new(tag, *rtl, source)).collect());

/// The words of one language.
pub(super) struct Texts {
    pub(super) tag: &'static str,
    pub(super) rtl: bool,
    language: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// The best language for an `Accept-Language` header (RFC 9110 §12.5.4).
    pub(super) fn for_header(accept_language: &str) -> &'static Texts {
        let wanted = ranked(accept_language);
        let held: Vec<&LanguageIdentifier> = TEXTS.iter().map(|t| &t.language).collect();
        let best = negotiate_languages(&wanted, &held, None, NegotiationStrategy::Lookup).first().copied().copied();
        TEXTS.iter().find(|t| Some(&t.language) == best).unwrap_or_else(Self::first)
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// With one value put in; a number chooses the plural form of the language (CLDR).
    pub(super) fn with<'v>(&self, key: &str, name: &'static str, value: impl Into<FluentValue<'v>>) -> String {
        let mut args = FluentArgs::new();
        args.set(name, value);
        self.format(key, Some(&args))
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        match self.bundle.get_message(key).and_then(|m| m.value()) {
            Some(pattern) => self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned(),
            None => key.to_string(), // a test holds that every key is there in every locale
        }
    }

    fn first() -> &'static Texts {
        static ENGLISH: LazyLock<Texts> = LazyLock::new(|| {
            let [(tag, rtl, source), ..] = LOCALES;
            Texts::new(tag, rtl, source)
        });
        TEXTS.first().unwrap_or(&ENGLISH)
    }

    fn new(tag: &'static str, rtl: bool, source: &str) -> Self {
        let language: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        // names in Latin letters inside Arabic text need isolation, else the punctuation beside them jumps
        bundle.set_use_isolating(rtl);
        let resource = FluentResource::try_new(source.to_string()).unwrap_or_else(|(partly, _)| partly);
        bundle.add_resource_overriding(resource);
        Texts { tag, rtl, language, bundle }
    }
}

/// The languages of the header, best first; `q=0` means "not that one".
fn ranked(header: &str) -> Vec<LanguageIdentifier> {
    let mut all: Vec<(u32, LanguageIdentifier)> = header
        .split(',')
        .take(32)
        .filter_map(|item| {
            let (tag, rest) = item.split_once(';').unwrap_or((item, "q=1"));
            let q: f32 = rest.trim().strip_prefix("q=")?.trim().parse().ok()?;
            let tag = tag.trim().parse().ok()?;
            (q > 0.0 && q <= 1.0).then_some(((q * 1000.0) as u32, tag))
        })
        .collect();
    all.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
    all.into_iter().map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Message ids with the variables that each one uses.
    fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in source.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
            if !line.starts_with([' ', '}']) {
                let (id, _) = line.split_once(" =").expect("an id and its text");
                current = id.to_string();
                assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{id} twice");
            }
            let used = line.split("{ $").skip(1).filter_map(|v| v.split([' ', '}']).next()).map(str::to_string);
            found.get_mut(&current).expect("a text after its id").extend(used);
        }
        found
    }

    /// The keys that templates and code ask for.
    fn asked_for() -> BTreeSet<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        let mut folders = vec![root.join("templates"), root.join("src/web")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                if path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("tests.rs") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                for call in [".text(\"", ".with(\"", ".title(\""] {
                    found.extend(text.split(call).skip(1).filter_map(|t| t.split('"').next()).map(str::to_string));
                }
            }
        }
        found
    }

    #[test]
    fn every_locale_has_the_texts_of_the_first() {
        let [(_, _, english), ..] = LOCALES;
        let want = messages(english);
        for (tag, _, source) in LOCALES {
            assert!(FluentResource::try_new(source.to_string()).is_ok(), "{tag} does not parse");
            assert_eq!(messages(source), want, "{tag}");
        }
    }

    #[test]
    fn every_text_is_there_and_used() {
        let [(_, _, english), ..] = LOCALES;
        let held: BTreeSet<String> = messages(english).into_keys().collect();
        assert_eq!(asked_for(), held);
    }

    #[test]
    fn every_text_formats_without_an_error() {
        for t in TEXTS.iter() {
            let [(_, _, english), ..] = LOCALES;
            for (key, variables) in messages(english) {
                let mut args = FluentArgs::new();
                for v in variables {
                    args.set(v, 3);
                }
                let mut errors = Vec::new();
                let pattern = t.bundle.get_message(&key).and_then(|m| m.value()).expect("a text");
                t.bundle.format_pattern(pattern, Some(&args), &mut errors);
                assert!(errors.is_empty(), "{} {key}: {errors:?}", t.tag);
            }
        }
    }

    #[test]
    fn the_browser_chooses_the_language() {
        for (header, want) in [
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("pl,fr;q=0.5,en;q=0.1", "fr"),
            ("en;q=0.2, ja;q=0.9", "ja"),
            ("ar-EG", "ar"),
            ("es-419,es;q=0.9", "es"),
            ("pl", "en"),
            ("de;q=0, fr;q=0.1", "fr"),
            ("", "en"),
            ("*", "en"),
            ("de;q=nan", "en"),
            ("\u{0}, ;;;q=, -", "en"),
        ] {
            assert_eq!(Texts::for_header(header).tag, want, "{header:?}");
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let left = |tag: &str, n: u32| Texts::for_header(tag).with("code-wrong", "left", n);
        assert_ne!(left("en", 1).replace('1', "2"), left("en", 2));
        assert_ne!(left("ar", 1), left("ar", 2));
        assert_ne!(left("ar", 2), left("ar", 3).replace('3', "2"));
    }
}
