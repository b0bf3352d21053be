//! The house's own order, read from the text of the tree: layers, sizes, names, headers, the table of threats.
//!
//! Depends on nothing of the crate, so that it speaks even where the crate does not compile.

#[cfg(test)]
mod tidy {
    use regex::Regex;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    const LONGEST_FILE: usize = 600;
    const VAGUE: [&str; 5] = ["common", "util", "helper", "misc", "manager"];

    /// Who may import whom: the layers of the crate docs. `sys` holds the lease too, hence store, live, proxy and session
    /// import it; `gate` mints tokens.
    const LAYERS: [(&str, &str); 20] = [
        ("types", ""),
        ("sys", "types"),
        ("policy", "types"),
        ("crypto", "types sys"),
        ("store", "types sys"),
        ("audit", "types sys crypto store"),
        ("notify", "types"),
        ("factor", "types sys crypto store notify"),
        ("session", "types sys crypto store"),
        ("live", "types sys session"),
        ("gate", "types sys policy crypto store audit factor session"),
        ("account", "types sys policy store audit crypto factor session notify"),
        ("disconnect", "types sys store audit session live"),
        ("web", "types crypto policy factor session gate account disconnect audit"),
        ("api", "types policy audit account disconnect gate"),
        ("proxy", "types sys gate live"),
        ("config", PARTS),
        ("app", APP),
        ("cli", CLI),
        ("fuzzing", "types policy account api proxy"),
    ];
    const PARTS: &str =
        "types sys policy crypto store audit live notify factor session gate account disconnect web api proxy";
    const APP: &str =
        "types sys policy crypto store audit live notify factor session gate account disconnect web api proxy config";

    /// `demo` and `keys generate` are roots of their own, as `app` is.
    const CLI: &str = "types sys config app policy api account crypto store audit factor";

    #[test]
    fn imports_go_downwards_only() {
        let mut wrong = Vec::new();
        for file in rust_files("src") {
            let Some(module) = module_of(&file) else { continue };
            let Some((_, may)) = LAYERS.iter().find(|(m, _)| *m == module) else {
                wrong.push(format!("{}: module `{module}` has no layer", file.display()));
                continue;
            };
            for used in uses(&shipped_code(&read(&file))) {
                if used != module && !may.split(' ').any(|m| m == used) {
                    wrong.push(format!("{}: `{module}` may not import `{used}`", file.display()));
                }
            }
        }
        none(&wrong);
    }

    #[test]
    fn the_crate_docs_show_these_layers() {
        let docs = read(&root().join("src/lib.rs"));
        let mut shown: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in
            docs.lines().skip_while(|l| *l != "//! # Layers").take_while(|l| *l != "//! # The life of a request")
        {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let [_, module, _, may, _] = cells[..] else { continue };
            let Some(module) = module.split('`').nth(1) else { continue };
            let may = match may {
                "all above" => shown.iter().map(|(m, _)| m.clone()).collect(),
                listed => listed.split(' ').filter(|m| *m != "–").map(str::to_string).collect(),
            };
            shown.push((module.to_string(), may));
        }
        let held = LAYERS
            .map(|(m, may)| (m.to_string(), may.split(' ').filter(|m| !m.is_empty()).map(str::to_string).collect()));
        assert_eq!(shown, held);
    }

    #[test]
    fn files_are_short_and_open_with_what_they_are() {
        let mut wrong = Vec::new();
        for file in all_rust_files() {
            let text = read(&file);
            let lines = text.lines().count();
            if lines > LONGEST_FILE {
                wrong.push(format!("{}: {lines} lines, at most {LONGEST_FILE}", file.display()));
            }
            if !text.starts_with("//!") && file != root().join("src/main.rs") {
                wrong.push(format!("{}: does not open with //!", file.display()));
            }
        }
        none(&wrong);
    }

    #[test]
    fn names_say_what_a_module_is() {
        let mut wrong = Vec::new();
        for file in all_rust_files() {
            let stem = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_string();
            if stem == "mod" {
                wrong.push(format!("{}: foo.rs beside foo/, never mod.rs", file.display()));
            }
            if stem.split('_').any(|w| VAGUE.contains(&w.strip_suffix('s').unwrap_or(w))) {
                wrong.push(format!("{}: says nothing", file.display()));
            }
        }
        none(&wrong);
    }

    /// The system's source alone, which ends the process where it fails; no generator of our own, no other crate's.
    #[test]
    fn randomness_comes_from_the_system_and_from_one_place() {
        let source =
            Regex::new(r"\b(getrandom|rand|fastrand|OsRng|ThreadRng|thread_rng|SmallRng)\b\s*(::|\()").unwrap();
        let asks = |f: &PathBuf| source.is_match(&shipped_code(&read(f)));
        let found: Vec<_> = rust_files("src").into_iter().filter(asks).collect();
        assert_eq!(found, [root().join("src/sys.rs")]);
        assert!(read(&root().join("src/sys.rs")).contains("getrandom::fill(out).expect("));
    }

    /// `routes!` takes a handler with its description; whatever else makes a route leaves a hole in the document.
    #[test]
    fn every_endpoint_of_the_api_is_described() {
        let by_hand = Regex::new(r"\.(route|route_service|nest_service)\(|\brouting::").unwrap();
        let mut wrong = Vec::new();
        for file in rust_files("src").into_iter().filter(|f| module_of(f).as_deref() == Some("api")) {
            for found in by_hand.find_iter(&shipped_code(&read(&file))) {
                wrong.push(format!(
                    "{}: `{}`: use routes!(handler) with #[utoipa::path]",
                    file.display(),
                    found.as_str()
                ));
            }
        }
        none(&wrong);
    }

    #[test]
    fn nothing_is_left_for_later() {
        let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ign", "ore"), concat!("to", "do!(")];
        let mut wrong = Vec::new();
        for file in text_files() {
            for (n, line) in read(&file).lines().enumerate() {
                if let Some(mark) = marks.iter().find(|m| line.contains(**m)) {
                    wrong.push(format!("{}:{}: {mark}", file.display(), n + 1));
                }
            }
        }
        none(&wrong);
    }

    #[test]
    fn internal_ids_stand_in_the_table_of_threats_only() {
        let id = Regex::new(r"\b(OTP|URI|HTTP|CRY|ATK|AT|NIST|AUD|WAN)-\d\d\b").unwrap();
        let mut wrong = Vec::new();
        for file in text_files().into_iter().filter(|f| *f != root().join("src/threats.rs")) {
            for (n, line) in read(&file).lines().enumerate() {
                if let Some(found) = id.find(line) {
                    wrong.push(format!("{}:{}: {}", file.display(), n + 1, found.as_str()));
                }
            }
        }
        none(&wrong);
    }

    #[test]
    fn every_threat_names_tests_that_exist() {
        let tests = test_names();
        let rows: Vec<_> =
            read(&root().join("src/threats.rs")).lines().filter_map(threat_row).collect::<Vec<(String, Vec<String>)>>();
        assert!(rows.len() > 50, "the table of threats was not found");
        let mut wrong = Vec::new();
        let mut ids = BTreeSet::new();
        for (id, names) in rows {
            if names.is_empty() {
                wrong.push(format!("{id}: names no test"));
            }
            for name in names.iter().filter(|n| !tests.contains(*n)) {
                wrong.push(format!("{id}: no test is called {name}"));
            }
            if !ids.insert(id.clone()) {
                wrong.push(format!("{id}: stands there twice"));
            }
        }
        none(&wrong);
    }

    /// `//! | id | attack | defence | `test`, `test` |` as id and test names.
    fn threat_row(line: &str) -> Option<(String, Vec<String>)> {
        let row = line.strip_prefix("//! | ")?;
        let id = row.split(' ').next().filter(|w| w.contains('-') && w.ends_with(|c: char| c.is_ascii_digit()))?;
        let last = row.trim_end().trim_end_matches('|').rsplit('|').next()?;
        Some((id.to_string(), last.split('`').skip(1).step_by(2).map(str::to_string).collect()))
    }

    /// Names of functions that a test attribute or the macro that runs a test on both stores stands before.
    fn test_names() -> BTreeSet<String> {
        let marked = Regex::new(r"#\[(?:tokio::)?test\b[^\n]*\]\s*(?:#\[[^\n]*\]\s*)*(?:async )?fn (\w+)").unwrap();
        let listed = Regex::new(r"(?s)(?:on_both_stores|conformance)!\s*\{(.*?)\}").unwrap();
        let in_proptest = Regex::new(r"(?s)#\[test\]\s*fn (\w+)\(").unwrap();
        let mut names = BTreeSet::new();
        for file in all_rust_files() {
            let text = read(&file);
            for re in [&marked, &in_proptest] {
                names.extend(re.captures_iter(&text).map(|c| c[1].to_string()));
            }
            for list in listed.captures_iter(&text) {
                names.extend(list[1].split(',').filter_map(|n| n.trim().rsplit("::").next()).map(str::to_string));
            }
        }
        names
    }

    /// Top-level modules that this code names after `crate::`.
    fn uses(code: &str) -> BTreeSet<String> {
        let path = Regex::new(r"\bcrate::\s*(\w+|\{)").unwrap();
        let mut found = BTreeSet::new();
        for hit in path.captures_iter(code) {
            match &hit[1] {
                "{" => found.extend(group(code.get(hit.get(1).unwrap().end()..).unwrap_or_default())),
                name => drop(found.insert(name.to_string())),
            }
        }
        found.retain(|m| m != "main" && m != "Result");
        found
    }

    /// First names of the members of a brace group whose opening brace has just been read.
    fn group(rest: &str) -> Vec<String> {
        let (mut depth, mut at_start, mut names, mut name) = (0, true, Vec::new(), String::new());
        for c in rest.chars() {
            if at_start && depth == 0 && (c.is_alphanumeric() || c == '_') {
                name.push(c);
                continue;
            }
            if !name.is_empty() {
                names.push(std::mem::take(&mut name));
                at_start = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => at_start = true,
                _ => {}
            }
        }
        names.extend(Some(name).filter(|n| !n.is_empty()));
        names
    }

    /// The text without comments and without what is compiled for tests only.
    fn shipped_code(text: &str) -> String {
        let without_comments: String =
            text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        let mut rest = without_comments.as_str();
        let mut kept = String::new();
        while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
            kept.push_str(before);
            let end = match (after.find('{'), after.find(';')) {
                (Some(brace), semicolon) if semicolon.is_none_or(|s| brace < s) => closing_brace(after, brace),
                (_, semicolon) => semicolon.unwrap_or(after.len()),
            };
            rest = after.get(end..).unwrap_or_default();
        }
        kept + rest
    }

    fn closing_brace(text: &str, open: usize) -> usize {
        let mut depth = 0;
        for (i, c) in text.char_indices().skip_while(|(i, _)| *i < open) {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => return i + 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
        text.len()
    }

    /// `src/gate/flow.rs` is of module `gate`; the crate root and files that exist for tests only are of none.
    fn module_of(file: &Path) -> Option<String> {
        let inside = file.strip_prefix(root().join("src")).ok()?;
        let first = inside.iter().next()?.to_str()?.trim_end_matches(".rs").to_string();
        let for_tests =
            inside.iter().any(|p| matches!(p.to_str(), Some("tests" | "tests.rs" | "conformance.rs" | "conformance")));
        (!for_tests && !matches!(first.as_str(), "lib" | "main" | "threats")).then_some(first)
    }

    fn all_rust_files() -> Vec<PathBuf> {
        ["src", "tests", "examples", "fuzz"].iter().flat_map(|d| rust_files(d)).collect()
    }

    fn rust_files(dir: &str) -> Vec<PathBuf> {
        files(&root().join(dir), &["rs"])
    }

    /// Everything that people of the project wrote.
    fn text_files() -> Vec<PathBuf> {
        let kinds = ["rs", "md", "toml", "yaml", "html", "ftl", "css", "lua", "sql", "sh", "svg"];
        let dirs = ["src", "tests", "examples", "fuzz", "docs", "config", "templates", "bench", ".ci"];
        let mut all: Vec<_> = dirs.iter().flat_map(|d| files(&root().join(d), &kinds)).collect();
        for name in
            ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "Cargo.toml", "test", "demo", "bench/run"]
        {
            all.extend(Some(root().join(name)).filter(|f| f.is_file()));
        }
        all
    }

    fn files(dir: &Path, extensions: &[&str]) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
        let mut found = Vec::new();
        for path in entries.map(|e| e.unwrap().path()) {
            if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
                found.extend(files(&path, extensions));
            } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e)) {
                found.push(path);
            }
        }
        found.sort();
        found
    }

    fn read(file: &Path) -> String {
        fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    }

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    fn none(wrong: &[String]) {
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    }

    #[test]
    fn the_readers_read_what_is_there() {
        let code = "use crate::{a, b::{c, d}, e as f};\nuse crate::g::h;\n// crate::no\n#[cfg(test)]\nmod tests { use crate::no; }\nfn x() { crate::i::j() }";
        let names: Vec<_> = uses(&shipped_code(code)).into_iter().collect();
        assert_eq!(names, ["a", "b", "e", "g", "i"]);
        let row = threat_row("//! | XX-01 | what | how | `one`, `two` |");
        assert_eq!(row, Some(("XX-01".into(), vec!["one".into(), "two".into()])));
        assert_eq!(threat_row("//! | id | attack | defence | tests |"), None);
    }
}
