#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace turnpike::client {

/// A small HTTP server that answers wrongly when it is told to. A thread per connection.
class MisbehavingServer {
public:
    struct Request {
        std::string method, target;
        std::map<std::string, std::string> headers;  ///< names in lower case
        std::string body;
    };
    struct Reply {
        int status = 200;
        std::string body;
        std::string headers;  ///< further header lines, each with its \r\n
        std::string content_type = "application/json";
    };
    struct Fault {
        enum class Kind {
            LoseRequest,  ///< reads the request, does nothing, and closes
            LoseAnswer,   ///< does what is asked, and closes without an answer
            CutAnswer,    ///< does what is asked, and closes in the middle of the answer
            Silence,      ///< does what is asked, and never answers
            Answer,       ///< does nothing, and answers with `reply`
        } kind = Kind::LoseAnswer;
        Reply reply = {};
    };
    using Handler = std::function<Reply(const Request&)>;

    /// `handler` does what is asked; one call at a time.
    explicit MisbehavingServer(Handler handler);
    MisbehavingServer(const MisbehavingServer&) = delete;
    MisbehavingServer& operator=(const MisbehavingServer&) = delete;
    ~MisbehavingServer();

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// What happens to the next requests, one fault each.
    void fail_next(std::vector<Fault> faults);
    /// The requests so far, once there are `count`; fewer when they did not come within 10 s.
    std::vector<Request> requests(std::size_t count);

private:
    void accept_all();
    void serve(int socket);
    bool answer(int socket, const Request& request);

    const Handler handler_;
    int listener_ = -1;
    int port_ = 0;

    std::mutex mutex_;
    std::condition_variable arrived_;
    // Guarded by mutex_:
    std::deque<Fault> faults_;
    std::vector<Request> requests_;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;

    std::thread acceptor_;  ///< last, since it uses the others
};

}  // namespace turnpike::client
