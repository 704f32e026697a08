#include "people/letters.h"

namespace turnpike {
namespace {

constexpr std::string_view kPost = R"sql(
    INSERT INTO mails (id, kind, recipient, data, state, created_at)
    VALUES ($1, $2, $3, $4, 'pending', $5)
)sql";

constexpr std::string_view kTakeBack = R"sql(
    DELETE FROM mails WHERE id = $1
)sql";

}  // namespace

MailId post_letter(sql::Transaction& tx, const Letter& letter, Instant now, IdSource& ids) {
    auto id = ids.make<MailId>(now);
    tx.run(kPost, {id, letter.kind, letter.recipient, to_text(letter.data), now});
    return id;
}

void take_back_letter(sql::Transaction& tx, const MailId& id) { tx.run(kTakeBack, {id}); }

}  // namespace turnpike
