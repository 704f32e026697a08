#include "people/seats.h"

#include "entitlements/capacity_start.h"
#include "people/invitation_store.h"
#include "people/organization_store.h"

namespace turnpike {
namespace {

/// Those in use now; what is over and not yet noticed counts until it is.
std::int64_t count_rows(sql::Transaction& tx, const Organization& organization, Seats seats) {
    if (seats == Seats::Projects) return count_projects(tx, organization.id);
    return count_members(tx, organization.id) + count_open_invitations(tx, organization.id);
}

/// The next plan up that has more of it.
std::optional<SeatState::RoomierPlan> roomier_plan(const Catalog& catalog, const PlanVersion& plan,
                                                   std::string_view feature) {
    const auto* mine = plan.feature(feature);
    for (const auto* next = catalog.next_above(plan); next != nullptr;
         next = catalog.next_above(*next)) {
        const auto* theirs = next->feature(feature);
        if (theirs != nullptr && (mine == nullptr || gives_more(*theirs, *mine)))
            return SeatState::RoomierPlan{next->key, next->name};
    }
    return std::nullopt;
}

bool has_no_such_feature(const Error& error) {
    return error.reason == Reason("entitlement.no_such_feature");
}

}  // namespace

std::string_view feature_of_seats(Seats seats) {
    return seats == Seats::Users ? "users" : "projects";
}

Result<SeatState> take_seat(sql::Transaction& tx, CatalogCache& catalog,
                            const Organization& organization, Seats seats, Instant now) {
    lock_organization(tx, organization.id);
    if (seats == Seats::Users) {
        const auto over = expire_invitations(tx, organization.id, now);
        if (over > 0) give_back_seats(tx, organization, seats, over);
    }
    const auto feature = feature_of_seats(seats);
    const auto in_use = count_rows(tx, organization, seats);
    const auto standing = load_standing(tx, catalog, organization.customer.text(), now);
    if (!standing) return failure(standing);
    const auto known = capacity_of(tx, *standing, feature);
    if (!known && has_no_such_feature(known.error()))
        return SeatState{{.allowed = true, .current_count = in_use + 1, .limit = std::nullopt}};
    if (!known) return failure(known);
    // Who was there before the catalog had the feature is counted from now on.
    begin_capacity(tx, organization.customer, feature, in_use);
    const auto taken = take_capacity(tx, *standing, feature);
    if (!taken) return failure(taken);
    SeatState state{*taken};
    if (!taken->allowed) state.upgrade = roomier_plan(*catalog.get(), *standing->plan, feature);
    return state;
}

void give_back_seats(sql::Transaction& tx, const Organization& organization, Seats seats,
                     std::int64_t n) {
    const auto feature = feature_of_seats(seats);
    if (is_counted(tx, organization.customer, feature))
        give_back_capacity(tx, organization.customer, feature, n);
}

Result<CapacityState> look_at_seats(sql::Transaction& tx, CatalogCache& catalog,
                                    const Organization& organization, Seats seats, Instant now) {
    auto in_use = count_rows(tx, organization, seats);
    if (seats == Seats::Users) in_use -= count_invitations_over(tx, organization.id, now);
    const auto standing = load_standing(tx, catalog, organization.customer.text(), now);
    if (!standing) return failure(standing);
    auto state = capacity_of(tx, *standing, feature_of_seats(seats));
    if (!state && has_no_such_feature(state.error()))
        return CapacityState{.allowed = true, .current_count = in_use, .limit = std::nullopt};
    if (!state) return state;
    state->current_count = in_use;
    state->allowed = !state->limit || in_use < *state->limit;
    return state;
}

}  // namespace turnpike
