//! What customers can be filtered and sorted by.

use async_graphql::{InputObject, MaybeUndefined};
use derive::filter;
use entity::{
    customer::{self, Column, CustomerKind, Gender, SortKey},
    customer_tag, loyalty_membership, segment_membership,
};
use sea_orm::sea_query::{Expr, IntoIden};

use super::{Customer, Engagement, SpendSegment, engagement, spend};
use crate::{
    address::AddressRelation,
    churn::{self, ChurnRisk},
    communication::CommunicationRelation,
    consent::ConsentRelation,
    contact_point::ContactPointRelation,
    event::CustomerEventRelation,
    filter::{Field, Kind, Literal, Quantifier, Rule, Shape, Subject, Test},
    graphql::{
        Listed,
        comparison::{
            BooleanComparison, Compared, Comparison, DateComparison, DateTimeComparison, DecimalComparison,
            EmailComparison, FloatComparison, IntComparison, Related, StringComparison, TextComparison, relation,
            stated, term_comparison, tests,
        },
        order_by,
    },
    lifetime_value,
    loyalty::{self, LoyaltyMembershipRelation, LoyaltyTierWhere},
    order::OrderRelation,
    refund::RefundRelation,
    rfm::RfmScoreWhere,
    segment::SegmentRelation,
    store::JsonType,
};

term_comparison! {
    /// Tests of the kind of customer. All given must pass.
    CustomerKindComparison, CustomerKind
}

term_comparison! {
    /// Tests of the gender that a person states. All given must pass.
    GenderComparison, Gender
}

term_comparison! {
    /// Tests of the segment by spending. All given must pass.
    SpendSegmentComparison, SpendSegment
}

term_comparison! {
    /// Tests of the engagement. All given must pass.
    EngagementComparison, Engagement
}

term_comparison! {
    /// Tests of the churn risk. All given must pass.
    ChurnRiskComparison, ChurnRisk
}

/// Which customers. All conditions given must hold.
#[filter(table = entity::customer, node = Customer, deleted_at = DeletedAt)]
pub struct CustomerWhere {
    /// Person or organization.
    #[column(Kind)]
    kind: CustomerKindComparison,
    /// Full name.
    #[column(NameKey)]
    #[personal]
    name: TextComparison,
    /// Given name.
    #[column(GivenName)]
    #[personal]
    given_name: StringComparison,
    /// Family name.
    #[column(FamilyName)]
    #[personal]
    family_name: StringComparison,
    /// E-mail address.
    #[column(EmailKey)]
    #[personal]
    email: EmailComparison,
    /// Telephone number as written.
    #[column(Telephone)]
    #[personal]
    telephone: StringComparison,
    /// Telephone number by E.164.
    #[column(TelephoneE164)]
    #[personal]
    telephone_e164: StringComparison,
    /// Date of birth.
    #[column(BirthDate)]
    #[personal]
    birth_date: DateComparison,
    /// Gender that a person states.
    #[column(Gender)]
    #[personal]
    gender: GenderComparison,
    /// Whether marketing by e-mail is allowed.
    #[column(EmailOptIn)]
    email_opt_in: BooleanComparison,
    /// Whether marketing by text message is allowed.
    #[column(SmsOptIn)]
    sms_opt_in: BooleanComparison,
    /// Preferred language.
    #[column(PreferredLanguage)]
    preferred_language: StringComparison,
    /// Tags.
    #[edge(column = customer_tag::Column::CustomerId)]
    tags: TagsComparison,
    /// A fact of the store's own making. Several are asked for by `and`.
    #[column(CustomFields)]
    #[personal]
    custom_fields: CustomFieldComparison,
    /// Key in another system.
    #[column(ExternalId)]
    external_id: StringComparison,
    /// When the customer joined.
    #[column(CustomerSince)]
    customer_since: DateTimeComparison,
    /// Number of orders.
    #[column(TotalOrders)]
    total_orders: IntComparison,
    /// Number of purchases.
    #[column(DeliveredOrders)]
    delivered_orders: IntComparison,
    /// Net spending.
    #[column(TotalSpent)]
    total_spent: DecimalComparison,
    /// What they have been worth so far.
    #[expression(spend::lifetime_value_expression)]
    lifetime_value: DecimalComparison,
    /// The first order.
    #[column(FirstOrderDate)]
    first_order_date: DateTimeComparison,
    /// The last order.
    #[column(LastOrderDate)]
    last_order_date: DateTimeComparison,
    /// The last purchase.
    #[column(LastPurchaseDate)]
    last_purchase_date: DateTimeComparison,
    /// Segment by spending.
    #[expression(spend::segment_expression)]
    customer_segment: SpendSegmentComparison,
    /// How recently they bought.
    #[expression(engagement::engagement_expression)]
    engagement: EngagementComparison,
    /// How likely they are to leave.
    #[expression(churn::risk_expression)]
    churn_risk: ChurnRiskComparison,
    /// The probability that they have not left for good.
    #[expression(lifetime_value::p_alive_expression)]
    p_alive: FloatComparison,
    /// What they are expected to spend in the 12 months after the latest run of the purchase model.
    #[expression(lifetime_value::value_expression)]
    predicted_lifetime_value: DecimalComparison,
    /// When they were entered.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// When they were last edited.
    #[column(UpdatedAt)]
    updated_at: DateTimeComparison,
    /// Their scores by recency, frequency and monetary value. It does not hold where they have none.
    #[edge(column = entity::rfm_score::Column::Id)]
    rfm: Box<RfmScoreWhere>,
    /// Their addresses.
    #[edge(column = entity::address::Column::CustomerId)]
    addresses: AddressRelation,
    /// Their orders.
    #[edge(column = entity::order::Column::CustomerId)]
    orders: OrderRelation,
    /// Money they got back.
    #[edge(column = entity::refund::Column::CustomerId)]
    refunds: RefundRelation,
    /// The people and desks to turn to at them.
    #[edge(column = entity::contact_point::Column::CustomerId)]
    contacts: ContactPointRelation,
    /// The segments they are in.
    #[edge(through = segment_membership, from = CustomerId, to = SegmentId)]
    segments: SegmentRelation,
    /// The tier they hold in the default loyalty program. It does not hold where they are not enrolled in it.
    #[edge(through = loyalty_membership, from = CustomerId, to = TierId, only = loyalty::is_of_default_program)]
    loyalty_tier: Box<LoyaltyTierWhere>,
    /// The loyalty programs they are in.
    #[edge(column = loyalty_membership::Column::CustomerId)]
    loyalty_memberships: LoyaltyMembershipRelation,
    /// Messages to them.
    #[edge(column = entity::communication::Column::CustomerId)]
    communications: CommunicationRelation,
    /// What they decided about messages.
    #[edge(column = entity::consent::Column::CustomerId)]
    consents: ConsentRelation,
    /// What happened to them.
    #[edge(column = entity::event::Column::CustomerId)]
    events: CustomerEventRelation,
}

/// Tests of the tags. All given must pass.
#[derive(Clone, Debug, Default, InputObject)]
pub struct TagsComparison {
    /// Has this tag.
    pub has: MaybeUndefined<String>,
    /// Has at least one of these tags: at most 1000.
    pub has_any: MaybeUndefined<Vec<String>>,
    /// Has all of these tags: at most 99.
    pub has_all: MaybeUndefined<Vec<String>>,
    /// Has none of these tags: at most 1000.
    pub has_none: MaybeUndefined<Vec<String>>,
}

impl Related for TagsComparison {
    const SUBJECT: &'static Subject = &Subject {
        table: || customer_tag::Entity.into_iden(),
        live: None,
        fields: &[Field {
            name: "tag",
            kind: Kind::Text,
            expression: |_| Expr::col((customer_tag::Entity, customer_tag::Column::Tag)),
            is_personal: false,
        }],
        edges: &[],
        collection: None,
    };
    const SHAPE: Shape = Shape::Tags;
}

impl Comparison for TagsComparison {
    fn into_rule(self, field: &'static str) -> Rule {
        let tagged = |quantifier, test| Rule::Related {
            edge: field.to_owned(),
            quantifier,
            rule: Box::new(Rule::Compare { field: "tag".to_owned(), test }),
        };
        let has = |tag| tagged(Quantifier::Some, Test::Eq(Literal::Text(tag)));
        let among = |tags: Vec<String>| Test::In(tags.into_iter().map(Literal::Text).collect());
        let rules = [
            stated(field, "has", self.has, has),
            stated(field, "hasAny", self.has_any, |tags| tagged(Quantifier::Some, among(tags))),
            stated(field, "hasAll", self.has_all, |tags| Rule::All(tags.into_iter().map(has).collect())),
            stated(field, "hasNone", self.has_none, |tags| tagged(Quantifier::None, among(tags))),
        ];
        Rule::all(rules.into_iter().flatten().collect())
    }
}

/// Tests of a member of `customFields`, at its top level. All given must pass. A member of another type than it is
/// compared as is missing, as one that is null.
#[derive(Clone, Debug, InputObject)]
pub struct CustomFieldComparison {
    /// The member's name: 1 to 100 characters without quotation marks, backslashes and control characters.
    pub name: String,
    /// Tests of text, letter by letter.
    pub text: MaybeUndefined<StringComparison>,
    /// Tests of a number.
    pub number: MaybeUndefined<FloatComparison>,
    /// Tests of what is true or false.
    pub boolean: MaybeUndefined<BooleanComparison>,
    /// Is missing, or is not, of whatever type.
    pub is_null: MaybeUndefined<bool>,
}

impl Compared for CustomFieldComparison {
    const KIND: Kind = Kind::Json;
}

impl Comparison for CustomFieldComparison {
    fn into_rule(self, field: &'static str) -> Rule {
        let is_null = match self.is_null {
            MaybeUndefined::Undefined => Vec::new(),
            MaybeUndefined::Null => vec![Test::Null("isNull".to_owned())],
            MaybeUndefined::Value(is_null) => vec![Test::IsNull(is_null)],
        };
        let tests = [
            (JsonType::Text, given(self.text)),
            (JsonType::Number, given(self.number)),
            (JsonType::Boolean, given(self.boolean)),
            (JsonType::Any, is_null),
        ];
        let name = &self.name;
        let rules = tests.into_iter().flat_map(|(json, tests)| {
            let member = move |test| Rule::Member { field: field.to_owned(), name: name.clone(), json, test };
            tests.into_iter().map(member)
        });
        Rule::all(rules.collect())
    }
}

/// The tests of a comparison that may be left out.
fn given(comparison: MaybeUndefined<impl Comparison>) -> Vec<Test> {
    match comparison {
        MaybeUndefined::Undefined => Vec::new(),
        MaybeUndefined::Null => vec![Test::Null(String::new())],
        MaybeUndefined::Value(comparison) => tests(comparison),
    }
}

relation! {
    /// Conditions on related customers. All given must hold.
    CustomerRelation, CustomerCountComparison, CustomerWhere
}

order_by! {
    /// What customers are sorted by.
    CustomerOrderBy,
    /// The fields that customers can be sorted by.
    CustomerOrderField {
        /// Name, without regard to case and accents.
        Name: Text "personal" customer::Entity, Column::NameKey;
        /// E-mail address.
        Email: Text "personal" customer::Entity, SortKey::Email;
        /// When they joined.
        CustomerSince: Integer customer::Entity, Column::CustomerSince;
        /// Number of orders.
        TotalOrders: Integer customer::Entity, Column::TotalOrders;
        /// Net spending.
        TotalSpent: Integer customer::Entity, Column::TotalSpent;
        /// What they have been worth so far; those who are worth the same, by net spending.
        LifetimeValue: Integer customer::Entity, Column::TotalSpent;
        /// The first order.
        FirstOrderDate: Integer customer::Entity, SortKey::FirstOrderDate;
        /// The last order.
        LastOrderDate: Integer customer::Entity, SortKey::LastOrderDate;
        /// The last purchase.
        LastPurchaseDate: Integer customer::Entity, SortKey::LastPurchaseDate;
        /// When they were entered.
        CreatedAt: Integer customer::Entity, Column::CreatedAt;
        /// When they were last edited.
        UpdatedAt: Integer customer::Entity, Column::UpdatedAt;
    }
    default CreatedAt Desc
}

impl Listed for Customer {
    type Where = CustomerWhere;
    type OrderBy = CustomerOrderBy;
}
