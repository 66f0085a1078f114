// The mailbox of a VM: where senders in any thread meet the VM's receiving fiber.
//
// Sending is a rendezvous: there is no buffer, each queued message has a waiting fiber. The mutex is held for
// a few pointer assignments, never while Lua runs.
//
// Messages of other processes come from sources. They wait there, not here: a source is asked only when the
// receiver has nothing else to take, one after another, and it calls back once when it has something again.
//
// Cancellation story. An interrupted sender takes its message back if nobody has taken it yet; else the send
// has succeeded and the interruption shows later. An interrupted receiver leaves all messages queued.
#pragma once

#include "actor/message.hpp"
#include "core/vm.hpp"

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

namespace emilua {

class mailbox;

// A message in flight and the fiber that waits for it to be taken. Owned by the mailbox while queued, then by
// the task that brings the outcome back to the sender's VM.
struct pending_send : task {
    // What the sender's frame learns.
    struct outcome {
        bool done = false;
        bool delivered = false;
    };

    message content;
    vm* sender_vm;
    fiber* sender;
    outcome* result; // null: the sender has gone; the sender's VM only
    bool delivered = false;
    pending_send* previous = nullptr;
    pending_send* next_send = nullptr;
    enum class state { fresh, queued, taken } status = state::fresh;
};

// A sender outside this process. It counts as a live address while it is attached to a mailbox.
class source {
public:
    using list = std::list<std::shared_ptr<source>>;
    enum class outcome { taken, empty, ended };

    virtual ~source() = default;
    // Inside the owner's VM: the next message. Does not wait.
    virtual outcome take(message& m) = 0;
    // Inside the owner's VM, after it was empty: mailbox::ready() is to be called, from any thread, once
    // there is something to take. A source that is destroyed before calls nobody.
    virtual void arm(vm& owner) = 0;

private:
    friend class mailbox;
    list::iterator place_;
};

class mailbox {
public:
    explicit mailbox(vm& owner);
    ~mailbox();
    mailbox(const mailbox&) = delete;
    mailbox& operator=(const mailbox&) = delete;

    // --- Any thread

    // Queues a message. False: the mailbox is closed; `p` is still the caller's.
    bool enqueue(pending_send& p);
    // Takes a message back. False: it has been taken, the outcome is on its way.
    bool withdraw(pending_send& p);
    // The same when the sender's frame goes away. True: `p` is the caller's again, or was never queued.
    bool abandon(pending_send& p);
    bool closed() const { return closed_.load(std::memory_order_acquire); }
    void add_sender() { senders_.fetch_add(1, std::memory_order_relaxed); }
    void remove_sender();
    // Attaches the only element of `one`. Stays where it is if the mailbox is closed. Throws nothing.
    void attach(source::list& one);
    // A source that was armed has something to take, or has ended. May run the owner's fibers.
    void ready(std::shared_ptr<source> s);

    // --- The owner, inside its VM

    enum class receive_status { taken, taken_from_source, closed, no_senders, empty };
    // The oldest message. `empty`: the receiver will be woken when anything changes.
    receive_status receive(message& m);
    // Fails all queued and later sends. Wakes the receiver.
    void close();
    // The VM goes away.
    void detach();

    fiber* receiver = nullptr; // parked in receive(), at most one
    bool imported = false;     // require 'inbox' was called

private:
    static void wake_receiver(task& t, vm& owner);
    pending_send* pop_queued(); // locked
    bool ask(source& s, message& m);
    void wake();                  // locked
    bool unlink(pending_send& p); // locked

    std::mutex mutex_;
    vm* owner_;
    std::atomic<bool> closed_ = false;
    bool wanted_ = false;                   // the receiver found nothing and wants to be woken
    std::atomic<bool> wake_posted_ = false; // wake_ is on its way
    std::atomic<std::size_t> senders_ = 0;
    pending_send* oldest_ = nullptr;
    pending_send* newest_ = nullptr;
    source::list ready_; // may have something to take; the first one is next
    source::list armed_;
    task wake_;
};

// A live sender address.
class address {
public:
    explicit address(std::shared_ptr<mailbox> target)
        : target_{std::move(target)}
    {
        target_->add_sender();
    }
    address(const address& other)
        : address{other.target_}
    {
    }
    address(address&& other) noexcept
        : target_{std::move(other.target_)}
    {
    }
    address& operator=(address other) noexcept
    {
        target_.swap(other.target_);
        return *this;
    }
    ~address()
    {
        if (target_)
            target_->remove_sender();
    }

    explicit operator bool() const { return target_ != nullptr; }
    mailbox& operator*() const { return *target_; }
    mailbox* operator->() const { return target_.get(); }
    mailbox* get() const { return target_.get(); }
    const std::shared_ptr<mailbox>& target() const { return target_; }

private:
    std::shared_ptr<mailbox> target_;
};

} // namespace emilua
