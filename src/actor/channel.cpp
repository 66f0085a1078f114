#include "actor/channel.hpp"

#include "core/class.hpp"
#include "io/file_descriptor.hpp"
#include "lang/require.hpp"

#include <optional>

namespace emilua {

namespace {

struct channel {
    std::optional<address> target; // empty: closed
};

struct inbox {
    vm& owner;

    // Collected: nobody can receive any more (03 §5).
    ~inbox() { owner.inbox->close(); }
};

// --- Sending

// The sender's side of a rendezvous, on its parked stack.
class rendezvous {
public:
    rendezvous(vm& v, mailbox& target, message m)
        : vm_{v}
        , target_{target}
        , pending_{new pending_send{}}
    {
        pending_->content = std::move(m);
        pending_->sender_vm = &v;
        pending_->sender = v.current();
        pending_->result = &outcome_;
    }
    ~rendezvous()
    {
        // Left by an interruption, by an unwinding, or never queued.
        if (!outcome_.done && target_.abandon(*pending_)) {
            delete pending_;
            if (queued_)
                vm_.unhold();
        }
    }
    rendezvous(const rendezvous&) = delete;
    rendezvous& operator=(const rendezvous&) = delete;

    // False: interrupted, the message was taken back.
    bool wait()
    {
        if (!target_.enqueue(*pending_))
            return true;
        queued_ = true;
        vm_.hold();
        while (!outcome_.done) {
            if (!vm_.park({wait_kind::send, this, on_interrupt}))
                return false;
        }
        return true;
    }
    bool delivered() const { return outcome_.delivered; }

private:
    static void on_interrupt(fiber& f)
    {
        auto& self = *static_cast<rendezvous*>(f.wait.object);
        // Taken already: the send succeeds, and the interruption shows at the next point.
        if (self.target_.withdraw(*self.pending_))
            f.owner.unpark(f);
        else
            f.wait_interrupted = false;
    }

    vm& vm_;
    mailbox& target_;
    pending_send* pending_;
    pending_send::outcome outcome_;
    bool queued_ = false;
};

int channel_send(lua_State* L)
{
    auto* self = test<channel>(L, 1);
    if (self && !self->target)
        raise(L, core_errc::channel_closed);
    if (lua_gettop(L) < 2)
        raise(L, errc::invalid_argument);
    if (!self)
        raise_invalid_argument(L, 1);
    vm& v = vm::of(L);
    check_suspend(L, v);
    check_interruption(L, v);
    address target = *self->target; // close() by another fiber does not end a send
    if (target->closed())
        raise(L, core_errc::channel_closed);
    rendezvous r{v, *target, message::encode(L, 2)};
    if (!r.wait())
        raise(L, core_errc::interrupted);
    if (!r.delivered())
        raise(L, core_errc::channel_closed);
    return 0;
}

int channel_close(lua_State* L)
{
    check<channel>(L, 1).target.reset();
    return 0;
}

int channel_eq(lua_State* L)
{
    auto* a = test<channel>(L, 1);
    auto* b = test<channel>(L, 2);
    if (a && b && !a->target && !b->target)
        raise(L, errc::not_supported);
    lua_pushboolean(L, a && b && a->target && b->target && a->target->get() == b->target->get());
    return 1;
}

// --- Receiving

void stop_receiving(fiber& f)
{
    f.owner.unpark(f);
}

// While it lives the running fiber is the VM's receiver and holds the VM open.
class receiving {
public:
    explicit receiving(vm& v)
        : vm_{v}
    {
        v.inbox->receiver = v.current();
        v.hold();
    }
    ~receiving()
    {
        vm_.inbox->receiver = nullptr;
        vm_.unhold();
    }
    receiving(const receiving&) = delete;
    receiving& operator=(const receiving&) = delete;

private:
    vm& vm_;
};

int inbox_receive(lua_State* L)
{
    check<inbox>(L, 1);
    vm& v = vm::of(L);
    mailbox& m = *v.inbox;
    check_suspend(L, v);
    check_interruption(L, v);
    if (m.receiver) {
        if (m.closed())
            raise(L, core_errc::channel_closed);
        raise(L, errc::device_or_resource_busy);
    }
    message content;
    bool suspended = false;
    for (;;) {
        switch (m.receive(content)) {
        case mailbox::receive_status::taken_from_source:
            // No fiber of this process had to run for it: a flood must not keep the others from running.
            if (!suspended)
                vm::yield(L);
            [[fallthrough]];
        case mailbox::receive_status::taken: content.decode(L); return 1;
        case mailbox::receive_status::closed: raise(L, core_errc::channel_closed);
        case mailbox::receive_status::no_senders: raise(L, core_errc::no_senders);
        case mailbox::receive_status::empty: break;
        }
        check_interruption(L, v); // it came between being woken for a message and that being taken back
        receiving scope{v};
        if (!v.park({wait_kind::inbox, &m, stop_receiving}))
            raise(L, core_errc::interrupted);
        suspended = true;
    }
}

int inbox_close(lua_State* L)
{
    check<inbox>(L, 1).owner.inbox->close();
    return 0;
}

} // namespace

void register_channels(lua_State* L)
{
    vm& v = vm::of(L);
    v.inbox = std::make_shared<mailbox>(v);
    v.on_close = [&v] { v.inbox->detach(); };
    v.on_main_end = [&v] {
        if (!v.inbox->imported)
            v.inbox->close();
        // From here the inbox lives as long as the program itself refers to it.
        loader::of(v.state()).release_exports(v.state());
    };
    class_<channel>{L, "tx-channel"}
        .method("send", fn<channel_send>)
        .method("close", fn<channel_close>)
        .metamethod("__eq", fn<channel_eq>)
        .metamethod("__newindex", raise_read_only);
    class_<inbox>{L, "rx-channel"}
        .method("receive", fn<inbox_receive>)
        .method("close", fn<inbox_close>)
        .metamethod("__newindex", raise_read_only);
}

void push_channel(lua_State* L, address target)
{
    push<channel>(L, std::move(target));
}

const std::shared_ptr<mailbox>* addressable(lua_State* L, int index)
{
    if (auto* c = test<channel>(L, index))
        return c->target ? &c->target->target() : nullptr;
    if (test<inbox>(L, index))
        return &vm::of(L).inbox;
    return nullptr;
}

int open_inbox(lua_State* L)
{
    vm& v = vm::of(L);
    push<inbox>(L, v);
    v.inbox->imported = true;
    return 1;
}

} // namespace emilua
