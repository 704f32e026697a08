#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

using ProviderMoveId = Id<"pmv">;

/// A subscription's way from one provider to another.
struct ProviderMove {
    /// beginning: the new provider's object is being made. waiting: for the customer's
    /// authorisation. ending: the old one is to end with its period. abandoning: the new one is to
    /// be taken back. The other two are final.
    enum class State : std::uint8_t { Beginning, Waiting, Ending, Abandoning, Done, Failed };

    ProviderMoveId id;
    SubscriptionId subscription;
    std::string from_provider, from_subscription;
    std::string to_provider;
    std::string to_subscription;  ///< "" until it is made
    std::optional<std::string> payment_method;
    Instant begins_at;  ///< the end of what is paid at the former one
    std::optional<std::string> authorization_url;
    State state = State::Beginning;
    std::optional<std::string> error_reason;
    Authority authority;
    Instant created_at;
};
std::string_view to_text(ProviderMove::State state);
bool is_open(const ProviderMove& move);

/// False when the subscription has an open one.
bool insert_move(sql::Transaction& tx, const ProviderMove& move);
std::optional<ProviderMove> find_move(sql::Transaction& tx, const ProviderMoveId& id);
std::optional<ProviderMove> find_open_move(sql::Transaction& tx,
                                           const SubscriptionId& subscription);
/// The newest one that leads to this object of a provider or, when it is done, away from it.
std::optional<ProviderMove> find_move_of_object(sql::Transaction& tx, std::string_view provider,
                                                const std::string& provider_subscription);
/// Those that lead to this provider and can go on now: what has begun before `before`, and all that
/// end or are given up. Oldest first.
std::vector<ProviderMove> moves_to_go_on(sql::Transaction& tx, std::string_view provider,
                                         Instant before, int limit);
/// Those that wait for an authorisation though they begin before `moment`.
std::vector<ProviderMove> moves_waiting(sql::Transaction& tx, std::string_view provider,
                                        Instant moment, int limit);

/// The object that was made at the new provider.
struct NewObject {
    std::string provider_subscription;
    std::optional<std::string> authorization_url;
};
/// Where it has not been told before.
void set_new_object(sql::Transaction& tx, const ProviderMoveId& move, const NewObject& object);
/// False, and no change, when it is not in the state `from` any more.
bool advance_move(sql::Transaction& tx, const ProviderMove& move, ProviderMove::State to,
                  std::string_view reason, Instant now);

}  // namespace turnpike
