//! The audit's rows: order, filters, pages, repeated calls, bounds.

use super::sample::*;
use crate::store::audit::{AuditBounds, AuditCursor, AuditFilter, AuditFrom, AuditRow};
use crate::store::{AuditStore, Store};
use crate::types::{NodeId, Timestamp, UserId};
use std::sync::Arc;
use std::time::Duration;

const KEEP: Duration = Duration::from_secs(30 * 86_400);
const T: u64 = 1_700_000_000_000;

fn node(n: u8) -> NodeId {
    NodeId::from_bytes([n; 16])
}
fn person(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

/// The row number `seq` of a node, a second after the one before.
fn row(of: u8, seq: u64) -> AuditRow {
    let user = [None, Some(person(1)), Some(person(2))][usize::try_from(seq % 3).unwrap()];
    let (kind, actor) = if seq.is_multiple_of(5) { ("keys", "socket") } else { ("sign_in", "person") };
    AuditRow {
        node: node(of),
        seq,
        at: Timestamp::from_millis(T + seq * 1000),
        kind: kind.into(),
        user,
        actor: actor.into(),
        line: format!(r#"{{"node":{of},"seq":{seq}}}"#),
    }
}

async fn filled(s: &impl Store, many: u64) {
    let rows: Vec<_> = (1..=many).map(|seq| row(1, seq)).collect();
    s.append_audit(&rows, KEEP).await.unwrap();
}

/// All pages of five, as numbers.
async fn all(s: &impl Store, filter: &AuditFilter, mut from: AuditFrom) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let page = s.audit_page(filter, from, 5).await.unwrap();
        assert!(page.rows.len() <= 5);
        found.extend(page.rows.iter().map(|r| {
            let line: serde_json::Value = serde_json::from_str(&r.line).unwrap();
            line["seq"].as_u64().unwrap()
        }));
        let Some(next) = page.next else { return found };
        from = match from {
            AuditFrom::Newest | AuditFrom::Before(_) => AuditFrom::Before(next),
            AuditFrom::After(_) => AuditFrom::After(next),
        };
    }
}

pub(super) async fn rows_come_page_by_page_in_both_orders(s: Arc<impl Store>) {
    let everything = AuditFilter::default();
    assert_eq!(all(&*s, &everything, AuditFrom::Newest).await, [0; 0]);
    filled(&*s, 23).await;
    let forward: Vec<u64> = (1..=23).collect();
    let backward: Vec<u64> = (1..=23).rev().collect();
    assert_eq!(all(&*s, &everything, AuditFrom::After(AuditCursor::START)).await, forward);
    assert_eq!(all(&*s, &everything, AuditFrom::Newest).await, backward);
    let last = s.audit_page(&everything, AuditFrom::Newest, 1).await.unwrap().rows.remove(0).place;
    assert_eq!(all(&*s, &everything, AuditFrom::After(last)).await, [0; 0]);
    assert_eq!(last.to_string().parse(), Ok(last));
}

pub(super) async fn rows_are_found_by_who_what_and_when(s: Arc<impl Store>) {
    filled(&*s, 30).await;
    let of = |f: AuditFilter| {
        let s = s.clone();
        async move {
            let found = all(&*s, &f, AuditFrom::After(AuditCursor::START)).await;
            let mut back = all(&*s, &f, AuditFrom::Newest).await;
            back.reverse();
            assert_eq!(found, back, "{f:?}");
            found
        }
    };
    let any = AuditFilter::default;
    let (one, keys) = (Some(person(1)), Some("keys".to_string()));
    assert_eq!(of(AuditFilter { user: one, ..any() }).await, [1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
    assert_eq!(of(AuditFilter { user: Some(person(9)), ..any() }).await, [0; 0]);
    assert_eq!(of(AuditFilter { kind: keys.clone(), ..any() }).await, [5, 10, 15, 20, 25, 30]);
    assert_eq!(of(AuditFilter { actor: Some("socket".into()), ..any() }).await, [5, 10, 15, 20, 25, 30]);
    assert_eq!(of(AuditFilter { user: one, kind: keys, ..any() }).await, [10, 25]);
    let (from, until) = (Some(row(1, 9).at), Some(row(1, 17).at));
    assert_eq!(of(AuditFilter { from, until, ..any() }).await, (9..17).collect::<Vec<_>>());
    assert_eq!(of(AuditFilter { from, until, user: one, ..any() }).await, [10, 13, 16]);
    assert_eq!(of(AuditFilter { until: Some(Timestamp::from_millis(T)), ..any() }).await, [0; 0]);
}

pub(super) async fn a_repeated_call_keeps_no_row_twice(s: Arc<impl Store>) {
    assert_eq!(s.audit_seq(node(1)).await.unwrap(), 0);
    let rows: Vec<_> = (1..=8).map(|seq| row(1, seq)).collect();
    for end in [3, 3, 8, 5] {
        s.append_audit(&rows[..end], KEEP).await.unwrap();
    }
    s.append_audit(&[row(2, 1)], KEEP).await.unwrap();
    s.append_audit(&[], KEEP).await.unwrap();
    let found = all(&*s, &AuditFilter::default(), AuditFrom::After(AuditCursor::START)).await;
    assert_eq!(found, [1, 2, 3, 4, 5, 6, 7, 8, 1]);
    assert_eq!((s.audit_seq(node(1)).await.unwrap(), s.audit_seq(node(2)).await.unwrap()), (8, 1));
}

pub(super) async fn a_row_that_comes_late_lies_behind_those_that_were_there(s: Arc<impl Store>) {
    filled(&*s, 4).await;
    let late = AuditRow { at: Timestamp::from_millis(T + 1500), ..row(2, 77) };
    s.append_audit(&[late], KEEP).await.unwrap();
    let newest = s.audit_page(&AuditFilter::default(), AuditFrom::Newest, 1).await.unwrap();
    assert!(newest.rows[0].line.contains("77"));
    let until = Some(Timestamp::from_millis(T + 2000));
    let filter = AuditFilter { until, ..AuditFilter::default() };
    assert_eq!(all(&*s, &filter, AuditFrom::Newest).await, [77, 1]);
}

pub(super) async fn what_is_too_old_goes(s: Arc<impl Store>) {
    filled(&*s, 20).await;
    let bounds = AuditBounds { keep: Duration::from_secs(10), max_bytes: 1 << 30 };
    assert_eq!(s.trim_audit(bounds, row(1, 20).at).await.unwrap(), 9);
    assert_eq!(s.trim_audit(bounds, row(1, 20).at).await.unwrap(), 0);
    let any = AuditFilter::default;
    assert_eq!(all(&*s, &any(), AuditFrom::Newest).await.last(), Some(&10));
    let of_one = AuditFilter { user: Some(person(1)), ..any() };
    assert_eq!(all(&*s, &of_one, AuditFrom::Newest).await, [19, 16, 13, 10]);
    s.append_audit(&[row(1, 22)], KEEP).await.unwrap();
    assert_eq!(all(&*s, &of_one, AuditFrom::Newest).await, [22, 19, 16, 13, 10]);
}

pub(super) async fn what_is_too_much_goes_the_oldest_first(s: Arc<impl Store>) {
    let rows: Vec<_> = (1..=6000).map(|seq| AuditRow { line: "x".repeat(200), ..row(1, seq) }).collect();
    for some in rows.chunks(500) {
        s.append_audit(some, KEEP).await.unwrap();
    }
    let bounds = AuditBounds { keep: KEEP, max_bytes: 500_000 };
    let gone = s.trim_audit(bounds, row(1, 6000).at).await.unwrap();
    assert!((3000..6000).contains(&gone), "{gone}");
    assert_eq!(s.trim_audit(bounds, row(1, 6000).at).await.unwrap(), 0);
    let newest = s.audit_page(&AuditFilter::default(), AuditFrom::Newest, 1).await.unwrap();
    assert_eq!(newest.rows[0].place.ms, T + 6_000_000);
    let oldest = s.audit_page(&AuditFilter::default(), AuditFrom::After(AuditCursor::START), 1).await.unwrap();
    assert_eq!(oldest.rows[0].place.ms, T + (gone + 1) * 1000);
}

/// Two nodes, or a node and what it repeats, at once.
pub(super) async fn rows_that_come_at_once_are_all_kept_once(s: Arc<impl Store>) {
    let append = |s: Arc<_>, n: usize| async move {
        let rows: Vec<_> = (1..=4).map(|seq| row(u8::try_from(n / 2).unwrap(), seq)).collect();
        AuditStore::append_audit(&*s, &rows, KEEP).await.unwrap();
    };
    hundred(&s, append).await;
    assert_eq!(all(&*s, &AuditFilter::default(), AuditFrom::Newest).await.len(), 200);
}
