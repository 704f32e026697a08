#include "webhooks/signature_alarm.h"

#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::chrono::hours kBetweenAlarms{1};

}  // namespace

bool SignatureAlarm::is_due(std::int64_t failures, Instant now) {
    if (failures == 0 || (told_at_ && now - *told_at_ < kBetweenAlarms)) return false;
    told_at_ = now;
    return true;
}

void tell_signature_failures(sql::Transaction& tx, std::string_view provider, std::int64_t count,
                             Instant now, IdSource& ids) {
    const Json data{{"object", "signature_failure"}, {"provider", provider}, {"count", count}};
    emit(tx,
         {.type = "webhook.signature_failed",
          .object = "signature:" + std::string(provider),
          .customer = "",
          .data = data,
          .at = now},
         ids);
}

}  // namespace turnpike
