//! WebSocket framing (RFC 6455, section 5): where frames end in one direction, and a Close frame of our own.
//!
//! Never keeps payload, never unmasks, never judges what a frame says: both sides speak to each other, not to us.

/// Follows the frames of one direction, however the bytes are split.
#[derive(Debug, Default, Clone)]
pub struct FrameTracker {
    /// Header bytes of the frame so far, and how many it has in all (known from the second byte on).
    have: u8,
    need: u8,
    opcode: u8,
    /// Header bytes that carry the length, still to come; and the length so far.
    length_bytes: u8,
    length: u64,
    /// Payload bytes still to come. Zero while a header is read.
    payload: u64,
    /// Frames whose header has gone by.
    pub frames: u64,
    /// Grows with each piece of a data frame (continuation, text, binary); never with a control frame.
    pub data: u64,
    /// The peer's own Close frame has gone by: a second one must not follow.
    pub closed: bool,
}

impl FrameTracker {
    /// The next byte begins a frame.
    pub fn at_boundary(&self) -> bool {
        self.have == 0 && self.payload == 0
    }

    /// How many of these bytes may pass so that the stream then stands at a boundary. `None`: no boundary in here.
    pub fn first_boundary(&self, bytes: &[u8]) -> Option<usize> {
        let mut tracker = self.clone();
        let mut rest = bytes;
        while !tracker.at_boundary() {
            rest = tracker.step(rest)?;
        }
        Some(bytes.len() - rest.len())
    }

    /// These bytes have gone by.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(rest) = self.step(bytes) {
            bytes = rest;
        }
    }

    /// Takes one header byte, or as much payload as there is. `None`: there were no bytes.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (first, rest) = bytes.split_first()?;
        if self.payload == 0 {
            self.header(*first);
            return Some(rest);
        }
        let taken = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
        self.payload -= u64::try_from(taken).unwrap_or(self.payload);
        self.data += u64::from(self.is_data());
        bytes.get(taken..)
    }

    fn header(&mut self, byte: u8) {
        self.have += 1;
        match self.have {
            1 => (self.opcode, self.need) = (byte & 0x0f, u8::MAX), // unknown until the next byte
            2 => {
                let mask = if byte & 0x80 == 0 { 0 } else { 4 };
                (self.length_bytes, self.length) = match byte & 0x7f {
                    126 => (2, 0),
                    127 => (8, 0),
                    short => (0, u64::from(short)),
                };
                self.need = 2 + self.length_bytes + mask;
            }
            _ if self.length_bytes > 0 => {
                self.length_bytes -= 1;
                self.length = self.length << 8 | u64::from(byte);
            }
            _ => {} // the mask
        }
        if self.have == self.need {
            self.have = 0;
            self.payload = self.length;
            self.frames += 1;
            self.data += u64::from(self.is_data());
            self.closed |= self.opcode == CLOSE;
        }
    }

    fn is_data(&self) -> bool {
        matches!(self.opcode, CONTINUATION | TEXT | BINARY)
    }
}

/// An unmasked (server to client) Close frame; the reason is cut to what a control frame holds.
pub fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    let reason = reason.get(..reason.floor_char_boundary(REASON_BYTES)).unwrap_or_default();
    let length = u8::try_from(reason.len()).unwrap_or(0) + 2;
    let mut frame = vec![0x80 | CLOSE, length];
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(reason.as_bytes());
    frame
}

/// The endpoint violates the policy of the server (RFC 6455, 7.4.1): the session has ended.
pub const POLICY_VIOLATION: u16 = 1008;
/// The endpoint is going away.
pub const GOING_AWAY: u16 = 1001;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
/// A control frame carries at most 125 bytes, two of them the code (RFC 6455, 5.5).
const REASON_BYTES: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire() -> (Vec<u8>, [usize; 4]) {
        let mut wire = vec![0x81, 3, b'a', b'b', b'c', 0x89, 0];
        wire.extend([0x82, 0x80 | 126, 1, 0, 1, 2, 3, 4]);
        wire.extend([7u8; 256]);
        wire.extend([0x01, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        wire.extend([9u8; 65536]);
        let end = wire.len();
        (wire, [5, 7, 7 + 8 + 256, end])
    }

    proptest! {
        #[test]
        fn boundaries_are_found_however_the_bytes_are_split(step in 1usize..70_000) {
            let (wire, ends) = wire();
            let (mut tracker, mut at) = (FrameTracker::default(), 0);
            for piece in wire.chunks(step) {
                tracker.feed(piece);
                at += piece.len();
                prop_assert_eq!(tracker.at_boundary(), ends.contains(&at), "at {}", at);
            }
            prop_assert_eq!(tracker.frames, 4);
        }

        #[test]
        fn any_bytes_are_taken_and_a_boundary_found_is_one(a in any::<Vec<u8>>(), b in any::<Vec<u8>>()) {
            let mut tracker = FrameTracker::default();
            tracker.feed(&a);
            if let Some(n) = tracker.first_boundary(&b) {
                tracker.feed(&b[..n]);
                prop_assert!(tracker.at_boundary());
            }
        }
    }

    #[test]
    fn the_first_boundary_is_the_end_of_the_frame_under_way() {
        let (wire, _) = wire();
        let mut tracker = FrameTracker::default();
        tracker.feed(&wire[..3]);
        assert_eq!(tracker.first_boundary(&wire[3..]), Some(2));
        assert_eq!(tracker.first_boundary(&wire[3..4]), None);
        assert_eq!(FrameTracker::default().first_boundary(&wire), Some(0));
    }

    #[test]
    fn control_frames_are_no_data() {
        let mut tracker = FrameTracker::default();
        tracker.feed(&[0x89, 1, b'x', 0x8a, 0]);
        assert_eq!((tracker.frames, tracker.data, tracker.closed), (2, 0, false));
        tracker.feed(&[0x88, 0]);
        assert!(tracker.closed && tracker.data == 0);
        tracker.feed(&[0x00, 1, b'x']);
        assert!(tracker.data > 0);
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let frame = close_frame(1008, &"é".repeat(100));
        assert_eq!((frame[0], usize::from(frame[1])), (0x88, frame.len() - 2));
        assert!(frame.len() <= 127 && std::str::from_utf8(&frame[4..]).is_ok());
    }
}
