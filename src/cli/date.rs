//! Points in time for people: RFC 3339, UTC, to the second.

use crate::types::Timestamp;

pub fn text(t: Timestamp) -> String {
    let text = Timestamp::from_secs(t.as_secs()).to_string();
    text.replacen(".000", "", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_the_second() {
        assert_eq!(text(Timestamp::from_millis(951_868_799_999)), "2000-02-29T23:59:59Z");
    }
}
