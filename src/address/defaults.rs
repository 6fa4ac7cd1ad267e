//! Which address of a customer has a role: where bills go, or goods.

use uuid::Uuid;

/// What a client wishes of an address: that it has the role, or has it no longer.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The address.
    pub address: Uuid,
    /// Whether it is to have the role.
    pub is_holder: bool,
}

/// The address that has a role, of all addresses of a customer, the oldest first. `former` had it until now; it may be
/// gone.
///
/// Where there is an address, one has the role: the one that is wished for, else the former, else the oldest. One that
/// is not to have it has it still where it is the only one.
#[must_use]
pub fn holder(addresses: &[Uuid], former: Option<Uuid>, wish: Option<Wish>) -> Option<Uuid> {
    if let Some(Wish { address, is_holder: true }) = wish {
        return Some(address);
    }
    let refused = wish.map(|wish| wish.address);
    let may_hold = |address: &&Uuid| Some(**address) != refused;
    let stays = former.filter(|former| addresses.contains(former) && Some(*former) != refused);
    stays.or_else(|| addresses.iter().find(may_hold).copied()).or(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_the_role() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        let wish = |address, is_holder| Some(Wish { address, is_holder });
        let cases: [(&[Uuid], _, _, _); 10] = [
            (&[], None, None, None),
            (&[], Some(a), None, None),
            (&[a], None, None, Some(a)),
            (&[a, b], Some(b), None, Some(b)),
            (&[a, b], Some(b), wish(a, true), Some(a)),
            // The former is gone.
            (&[a, b], Some(c), None, Some(a)),
            // Who is not to have it gives it to the oldest other.
            (&[a, b, c], Some(a), wish(a, false), Some(b)),
            (&[a, b, c], Some(b), wish(b, false), Some(a)),
            (&[a, b, c], Some(b), wish(a, false), Some(b)),
            (&[a], Some(a), wish(a, false), Some(a)),
        ];

        for (addresses, former, wish, expected) in cases {
            assert_eq!(holder(addresses, former, wish), expected, "{addresses:?} {former:?} {wish:?}");
        }
    }
}
