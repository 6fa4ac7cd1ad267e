//! The segments by scores.

use entity::rfm_score::RfmSegment;

/// The codes of each segment: the digits of recency, frequency and monetary value. Source: the table of eleven segments
/// in common use, by which 231, 241 and 251 are about to sleep.
const CODES: [(RfmSegment, &[i32]); 11] = [
    (RfmSegment::Champions, &[555, 554, 544, 545, 454, 455, 445]),
    (RfmSegment::Loyal, &[543, 444, 435, 355, 354, 345, 344, 335]),
    (
        RfmSegment::PotentialLoyalist,
        &[
            553, 551, 552, 541, 542, 533, 532, 531, 452, 451, 442, 441, 431, 453, 433, 432, 423, 353, 352, 351, 342,
            341, 333, 323,
        ],
    ),
    (RfmSegment::NewCustomers, &[512, 511, 422, 421, 412, 411, 311]),
    (RfmSegment::Promising, &[525, 524, 523, 522, 521, 515, 514, 513, 425, 424, 413, 414, 415, 315, 314, 313]),
    (RfmSegment::NeedAttention, &[535, 534, 443, 434, 343, 334, 325, 324]),
    (RfmSegment::AboutToSleep, &[331, 321, 312, 221, 213, 231, 241, 251]),
    (
        RfmSegment::AtRisk,
        &[255, 254, 245, 244, 253, 252, 243, 242, 235, 234, 225, 224, 153, 152, 145, 143, 142, 135, 134, 133, 125, 124],
    ),
    (RfmSegment::CannotLoseThem, &[155, 154, 144, 214, 215, 115, 114, 113]),
    (RfmSegment::Hibernating, &[332, 322, 233, 232, 223, 222, 132, 123, 122, 212, 211]),
    (RfmSegment::Lost, &[111, 112, 121, 131, 141, 151]),
];

/// The segment of whoever has these scores, each 1 to 5.
#[must_use]
pub fn segment(recency: i32, frequency: i32, monetary: i32) -> RfmSegment {
    let code = recency * 100 + frequency * 10 + monetary;
    let found = CODES.iter().find(|(_, codes)| codes.contains(&code));
    // There are no other scores.
    found.map_or(RfmSegment::Lost, |(segment, _)| *segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_125_codes_has_one_segment() {
        let mut codes: Vec<i32> = CODES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        codes.sort_unstable();
        let all: Vec<i32> =
            (1..=5).flat_map(|r| (1..=5).flat_map(move |f| (1..=5).map(move |m| r * 100 + f * 10 + m))).collect();

        assert_eq!(codes, all);
        assert_eq!(segment(5, 5, 5), RfmSegment::Champions);
        assert_eq!(segment(2, 3, 1), RfmSegment::AboutToSleep);
        assert_eq!(segment(1, 1, 3), RfmSegment::CannotLoseThem);
    }
}
