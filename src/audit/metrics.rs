//! What is counted, in Prometheus' text form.
//!
//! Labels come from the configuration and from our own enums, never from a request, so that no visitor can make the
//! number of series grow.

use prometheus::{Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::time::Duration;

/// All counters of one process. Methods are named by what happened.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: Histogram,
    verdicts: IntCounterVec,
    lease_held: IntGauge,
    lease_age_ms: IntGauge,
    exchanges: IntGauge,
    cuts: IntCounter,
    argon2_queue: IntGauge,
    policy_reloads: IntCounterVec,
    untrusted_forwards: IntCounter,
    audit_written: IntCounter,
    audit_counted: IntCounter,
    audit_lost: IntCounter,
    audit_failures: IntCounterVec,
    audit_waiting: IntGauge,
    audit_writable: IntGauge,
    order_seconds: Histogram,
    revocation_seconds: Histogram,
    nodes_obeyed: IntCounterVec,
    orders: IntGauge,
    log_applied: IntGauge,
    log_lag: IntGauge,
}

impl Metrics {
    /// Fails only if two metrics had one name.
    pub fn new() -> prometheus::Result<Self> {
        let make = Maker { registry: Registry::new() };
        Ok(Metrics {
            requests: make.counters("requests_total", "Requests answered.", &["app", "status"])?,
            request_seconds: make.histogram("request_seconds", "From a request's head to the end of its answer.")?,
            verdicts: make.counters("verdicts_total", "What the gate said.", &["rule", "verdict"])?,
            lease_held: make.gauge("lease_held", "1 while this node may move bytes of sessions.")?,
            lease_age_ms: make.gauge("lease_age_milliseconds", "Since the log's end was last known to be applied.")?,
            exchanges: make.gauge("live_exchanges", "Requests and streams of sessions under way.")?,
            cuts: make.counter("cuts_total", "Exchanges cut because their session ended.")?,
            argon2_queue: make.gauge("argon2_queue", "Password checks that wait or run.")?,
            policy_reloads: make.counters("policy_reloads_total", "Times the policy was read anew.", &["outcome"])?,
            untrusted_forwards: make
                .counter("untrusted_forwards_total", "Forwarded headers from private peers that are not trusted.")?,
            audit_written: make.counter("audit_written_total", "Audit events that were written.")?,
            audit_counted: make
                .counter("audit_counted_total", "Failures before a right password that were counted, not written.")?,
            audit_lost: make.counter("audit_lost_total", "Audit events thrown away: too many waited.")?,
            audit_failures: make.counters("audit_failures_total", "Failed writes of the audit.", &["sink"])?,
            audit_waiting: make.gauge("audit_waiting", "Audit events that wait for file or store.")?,
            audit_writable: make.gauge("audit_writable", "1 while the audit can be written.")?,
            order_seconds: make.histogram("order_seconds", "From an order's call until it was confirmed.")?,
            revocation_seconds: make
                .histogram("revocation_seconds", "From an order accepted here until each node obeyed it.")?,
            nodes_obeyed: make.counters("nodes_obeyed_total", "How it was certain of a node.", &["state"])?,
            orders: make.gauge("orders", "Orders that are held against sessions on this node.")?,
            log_applied: make.gauge("log_applied", "Number of the last entry that this node has applied.")?,
            log_lag: make.gauge("log_lag_entries", "Entries of the log that this node has not applied yet.")?,
            registry: make.registry,
        })
    }

    /// The counters of one app's requests, found once; `app`: `None` for requests that belonged to none.
    pub fn requests_of(&self, app: Option<&str>) -> Answered {
        Answered(CLASSES.map(|class| self.requests.with_label_values(&[app.unwrap_or(NONE), class])))
    }
    /// `status`: of the answer that the visitor got.
    pub fn request_finished(&self, of: &Answered, status: u16, took: Duration) {
        if let Some(counter) = of.0.get(usize::from(status / 100)).or(of.0.first()) {
            counter.inc();
        }
        self.request_seconds.observe(took.as_secs_f64());
    }
    /// `rule`: its name, `None` for the default. `verdict`: one of a fixed set, such as `pass`.
    pub fn verdict(&self, rule: Option<&str>, verdict: &'static str) {
        self.verdicts.with_label_values(&[rule.unwrap_or(NONE), verdict]).inc();
    }
    /// `age`: since the renewal was asked for.
    pub fn lease(&self, held: bool, age: Duration) {
        self.lease_held.set(i64::from(held));
        self.lease_age_ms.set(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    }
    pub fn exchanges(&self, under_way: usize) {
        self.exchanges.set(i64::try_from(under_way).unwrap_or(i64::MAX));
    }
    pub fn exchanges_cut(&self, many: usize) {
        self.cuts.inc_by(u64::try_from(many).unwrap_or(u64::MAX));
    }
    pub fn password_checks(&self, under_way: usize) {
        self.argon2_queue.set(i64::try_from(under_way).unwrap_or(i64::MAX));
    }
    pub fn policy_reloaded(&self) {
        self.policy_reloads.with_label_values(&["accepted"]).inc();
    }
    pub fn policy_rejected(&self) {
        self.policy_reloads.with_label_values(&["rejected"]).inc();
    }
    pub fn untrusted_forward_seen(&self) {
        self.untrusted_forwards.inc();
    }

    pub fn audit_written(&self, many: usize) {
        self.audit_written.inc_by(u64::try_from(many).unwrap_or(u64::MAX));
    }
    pub fn audit_counted(&self) {
        self.audit_counted.inc();
    }
    pub fn audit_lost(&self, many: u64) {
        self.audit_lost.inc_by(many);
    }
    /// `sink`: `file` or `store`.
    pub fn audit_failed(&self, sink: &'static str) {
        self.audit_failures.with_label_values(&[sink]).inc();
    }
    pub fn audit_waiting(&self, many: usize, writable: bool) {
        self.audit_waiting.set(i64::try_from(many).unwrap_or(i64::MAX));
        self.audit_writable.set(i64::from(writable));
    }

    pub fn order_confirmed(&self, took: Duration) {
        self.order_seconds.observe(took.as_secs_f64());
    }
    /// It has said so, or its lease has run out.
    pub fn node_obeys(&self, acknowledged: bool, after: Duration) {
        self.nodes_obeyed.with_label_values(&[if acknowledged { "acknowledged" } else { "fenced" }]).inc();
        self.revocation_seconds.observe(after.as_secs_f64());
    }
    pub fn orders(&self, held: usize) {
        self.orders.set(i64::try_from(held).unwrap_or(i64::MAX));
    }
    pub fn log(&self, applied: u64, end: u64) {
        self.log_applied.set(i64::try_from(applied).unwrap_or(i64::MAX));
        self.log_lag.set(i64::try_from(end.saturating_sub(applied)).unwrap_or(i64::MAX));
    }

    /// The text exposition format, version 0.0.4.
    pub fn render(&self) -> prometheus::Result<String> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}

/// Label of what belongs to no app, or to no rule.
const NONE: &str = "-";

/// By the first digit of a status; the first stands for all else.
const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// How the requests of one app were answered.
pub struct Answered([IntCounter; 6]);

/// Seconds. A session in the node's cache is answered in the lowest ones, Argon2 and far stores lie in the middle.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

struct Maker {
    registry: Registry,
}

impl Maker {
    fn opts(name: &str, help: &str) -> Opts {
        Opts::new(format!("portcullis_{name}"), help)
    }
    fn kept<C: prometheus::core::Collector + Clone + 'static>(&self, c: C) -> prometheus::Result<C> {
        self.registry.register(Box::new(c.clone()))?;
        Ok(c)
    }
    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.kept(IntCounter::with_opts(Self::opts(name, help))?)
    }
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        self.kept(IntCounterVec::new(Self::opts(name, help), labels)?)
    }
    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.kept(IntGauge::with_opts(Self::opts(name, help))?)
    }
    fn histogram(&self, name: &str, help: &str) -> prometheus::Result<Histogram> {
        self.kept(Histogram::with_opts(HistogramOpts::from(Self::opts(name, help)).buckets(BUCKETS.to_vec()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_in_the_text() {
        let m = Metrics::new().unwrap();
        m.request_finished(&m.requests_of(Some("intranet")), 204, Duration::from_millis(3));
        m.request_finished(&m.requests_of(None), 421, Duration::ZERO);
        m.verdict(Some("admin area"), "pass");
        m.verdict(None, "sign_in");
        m.lease(true, Duration::from_millis(40));
        m.exchanges(1);
        m.exchanges_cut(3);
        m.order_confirmed(Duration::from_millis(2));
        m.node_obeys(true, Duration::from_millis(1));
        m.node_obeys(false, Duration::from_secs(1));
        m.orders(2);
        m.log(7, 9);
        m.password_checks(1);
        m.policy_reloaded();
        m.policy_rejected();
        m.audit_written(2);
        m.audit_counted();
        m.audit_lost(4);
        m.audit_failed("file");
        m.audit_waiting(3, true);
        let text = m.render().unwrap();
        for line in [
            r#"portcullis_requests_total{app="intranet",status="2xx"} 1"#,
            r#"portcullis_requests_total{app="-",status="4xx"} 1"#,
            r#"portcullis_verdicts_total{rule="admin area",verdict="pass"} 1"#,
            r#"portcullis_verdicts_total{rule="-",verdict="sign_in"} 1"#,
            "portcullis_lease_held 1",
            "portcullis_lease_age_milliseconds 40",
            "portcullis_live_exchanges 1",
            "portcullis_cuts_total 3",
            "portcullis_order_seconds_count 1",
            "portcullis_revocation_seconds_count 2",
            r#"portcullis_nodes_obeyed_total{state="acknowledged"} 1"#,
            r#"portcullis_nodes_obeyed_total{state="fenced"} 1"#,
            "portcullis_orders 2",
            "portcullis_log_applied 7",
            "portcullis_log_lag_entries 2",
            "portcullis_argon2_queue 1",
            r#"portcullis_policy_reloads_total{outcome="accepted"} 1"#,
            r#"portcullis_policy_reloads_total{outcome="rejected"} 1"#,
            "portcullis_audit_written_total 2",
            "portcullis_audit_counted_total 1",
            "portcullis_audit_lost_total 4",
            r#"portcullis_audit_failures_total{sink="file"} 1"#,
            "portcullis_audit_waiting 3",
            "portcullis_audit_writable 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
