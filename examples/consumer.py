#!/usr/bin/env python3
"""Rebuilds tables from WalStream's archive in Kafka, in commit order. The format: docs/kafka.md.

    pip install -r examples/requirements.txt
    python3 examples/consumer.py --broker localhost:9092 --table public.orders

Prints the table's rows as they are at the end of the topic, one JSON object a line. Values are PostgreSQL's own text.
Of a topic that retention has shortened it rebuilds what was changed since its first whole transaction.
"""
import argparse
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition


class Partition:
    """One partition's records: large ones put together, repeats left out."""

    def __init__(self):
        self.parts = {}
        self.last = (0, -1)

    def change(self, message):
        value = message.value()
        for name, header in message.headers() or []:
            if name == "walstream-part":
                value = self.put_together(header.decode(), value)
        if value is None:
            return None
        try:
            change = json.loads(value)
            place = (change["seq"], change["ordinal"])
        except (ValueError, KeyError, TypeError):
            return None  # None of WalStream's records.
        if place <= self.last:
            return None  # A repeat: a writer did not know that it was stored.
        self.last = place
        return change

    def put_together(self, header, value):
        part, parts, name = header.split("/", 2)
        if int(part) == 0:
            self.parts[name] = []
        found = self.parts.get(name)
        if found is None or len(found) != int(part):
            return None  # Its beginning was given up, and came again.
        found.append(value)
        return b"".join(self.parts.pop(name)) if len(found) == int(parts) else None


class Log:
    """Merges the partitions: a transaction is next when it is whole and its number follows."""

    def __init__(self, shortened):
        """Where a topic was shortened, the number to begin with shows only when all of it is read: see `rest`."""
        self.next = None if shortened else 1
        self.open = {}

    def add(self, change):
        """Takes a change of any partition; gives the transactions that can be applied now."""
        seq, incarnation = change["seq"], change["incarnation"]
        if self.next is not None and seq < self.next:
            return
        life, changes = self.open.get(seq, (incarnation, {}))
        if incarnation < life:
            return
        if incarnation > life:  # The life before left it unfinished.
            changes = {}
        changes[change["ordinal"]] = change  # A TRUNCATE comes in every partition.
        self.open[seq] = (incarnation, changes)
        yield from self.ready()

    def ready(self):
        while self.is_whole(self.next):
            _, changes = self.open.pop(self.next)
            self.next += 1
            yield [changes[ordinal] for ordinal in sorted(changes)]

    def rest(self):
        """All of a shortened topic, behind the last transaction that has lost a part of it."""
        if self.next is None:
            self.next = max(filter(self.is_whole, self.open), default=1)
            while self.is_whole(self.next - 1):
                self.next -= 1
            self.open = {seq: found for seq, found in self.open.items() if seq >= self.next}
            print(f"the topic begins with transaction {self.next}", file=sys.stderr)
        yield from self.ready()

    def is_whole(self, seq):
        _, changes = self.open.get(seq, (None, {}))
        return len(changes) > 0 and len(changes) == next(iter(changes.values()))["tx_count"]


class Table:
    """Rows by their key."""

    def __init__(self, name):
        self.name = name
        self.rows = {}

    def apply(self, change):
        if change["operation"] == "truncate":
            if self.name in change["truncate"]["tables"]:
                self.rows.clear()
            return
        if f"{change['schema']}.{change['table']}" != self.name:
            return
        key, after = change["key"], change["after"]
        old = {}
        if change["operation"] != "insert":
            old = self.rows.pop(self.identity(key), {})
        if after is not None:
            # What an update did not touch (TOAST) stays what it was.
            row = {**{name: old.get(name) for name in change["unchanged"]}, **after}
            self.rows[self.identity({name: row[name] for name in key} or row)] = row

    @staticmethod
    def identity(columns):
        return json.dumps(columns, sort_keys=True)


def open_topic(broker, topic, options):
    """A consumer, and the topic's partitions."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "walstream-example",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            **options,
        }
    )
    found = consumer.list_topics(topic, timeout=10).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    return consumer, [TopicPartition(topic, number, OFFSET_BEGINNING) for number in found.partitions]


def messages(consumer, partitions):
    """Everything in the topic up to its present end, with each partition in order."""
    consumer.assign(partitions)
    left = {each.partition for each in partitions}
    while left:
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:
            left.discard(message.partition())
        else:
            raise KafkaException(error)


def main():
    arguments = argparse.ArgumentParser(description="Rebuild a table from WalStream's archive.")
    arguments.add_argument("--broker", required=True, help="host:port")
    arguments.add_argument("--topic", default="walstream.archive")
    arguments.add_argument("--table", required=True, help="schema.table")
    arguments.add_argument(
        "--option", action="append", default=[], help="of the client, e.g. security.protocol=SASL_SSL"
    )
    given = arguments.parse_args()

    options = dict(option.split("=", 1) for option in given.option)
    consumer, assigned = open_topic(given.broker, given.topic, options)
    shortened = any(consumer.get_watermark_offsets(each, timeout=10)[0] > 0 for each in assigned)
    partitions, log, table = {}, Log(shortened), Table(given.table)
    for message in messages(consumer, assigned):
        change = partitions.setdefault(message.partition(), Partition()).change(message)
        for transaction in [] if change is None else log.add(change):
            for each in transaction:
                table.apply(each)
    consumer.close()
    for transaction in log.rest():
        for each in transaction:
            table.apply(each)
    if log.open:
        # Written while we read.
        print(f"transaction {log.next} is not whole: what follows it was left out", file=sys.stderr)
    for row in table.rows.values():
        print(json.dumps(row))
    print(f"{len(table.rows)} rows of {table.name} after transaction {log.next - 1}", file=sys.stderr)


if __name__ == "__main__":
    main()
