/*
 * uWebSockets as its own documentation sets it up: a topic for everyone, one for each group, and a map of uids. See
 * load/messages.ts for the kinds of messages. `uwebsockets [cert key]`; prints its port when it is up.
 */

#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>

#include "App.h"

namespace {

struct PerSocketData {
    std::string uid;
};

constexpr std::string_view everyone = "everyone";

std::string groupTopic(std::string_view group) { return "group " + std::string(group); }

/* The second word: a uid or a group. */
std::string_view word(std::string_view message) {
    message.remove_prefix(2);
    return message.substr(0, message.find(' '));
}

template <bool SSL>
int serve(uWS::TemplatedApp<SSL> &&app) {
    using Socket = uWS::WebSocket<SSL, true, PerSocketData>;
    static std::unordered_map<std::string, Socket *> uids;

    app.template ws<PerSocketData>("/*", {
        .compression = uWS::DISABLED,
        .maxPayloadLength = 16 * 1024,
        .idleTimeout = 120,
        /* as its example of broadcasting has it: more than is ever on its way here, so that nothing is dropped */
        .maxBackpressure = 1 * 1024 * 1024,
        .closeOnBackpressureLimit = false,
        .resetIdleTimeoutOnSend = false,
        .sendPingsAutomatically = true,
        .open = [](Socket *ws) {
            ws->subscribe(everyone);
        },
        .message = [&app](Socket *ws, std::string_view message, uWS::OpCode opCode) {
            switch (message.empty() ? '\0' : message[0]) {
            case 'a':
                app.publish(everyone, message, opCode);
                return;
            case 'g':
                app.publish(groupTopic(word(message)), message, opCode);
                return;
            case 'u':
                if (auto found = uids.find(std::string(word(message))); found != uids.end()) {
                    found->second->send(message, opCode);
                }
                return;
            case 'b':
                ws->getUserData()->uid = word(message);
                uids[ws->getUserData()->uid] = ws;
                break;
            case 'j':
                for (std::string_view rest = message.substr(2); rest[0] != '.'; rest.remove_prefix(rest.find(' ') + 1)) {
                    ws->subscribe(groupTopic(rest.substr(0, rest.find(' '))));
                }
                break;
            }
            ws->send(message, opCode);
        },
        .close = [](Socket *ws, int, std::string_view) {
            if (!ws->getUserData()->uid.empty()) uids.erase(ws->getUserData()->uid);
        }
    }).listen("127.0.0.1", 0, [](us_listen_socket_t *listening) {
        if (!listening) {
            std::fprintf(stderr, "uwebsockets: no port to listen on\n");
            return;
        }
        std::printf("%d\n", us_socket_local_port(SSL, (us_socket_t *) listening));
        std::fflush(stdout);
    }).run();
    return 1;
}

}

int main(int argc, char **argv) {
    // ends with whoever started it
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc < 3) return serve(uWS::App());
    return serve(uWS::SSLApp({.key_file_name = argv[2], .cert_file_name = argv[1]}));
}
