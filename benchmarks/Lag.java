import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Lag of all groups by Kafka's own client, kept warm: a round for each line read, which prints
 *  "nanoseconds groups commits lag requests". */
public class Lag {
    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0])); Scanner in = new Scanner(System.in)) {
            while (in.hasNextLine()) {
                in.nextLine();
                double before = requests(admin);
                long began = System.nanoTime();
                String found = round(admin);
                long took = System.nanoTime() - began;
                System.out.println(took + " " + found + " " + (long) (requests(admin) - before));
            }
        }
    }

    static String round(Admin admin) throws Exception {
        List<String> groups = admin.listGroups().all().get().stream()
            .map(GroupListing::groupId).collect(Collectors.toList());
        Map<String, ListConsumerGroupOffsetsSpec> wanted = new HashMap<>();
        for (String group : groups) wanted.put(group, new ListConsumerGroupOffsetsSpec());
        Map<String, Map<TopicPartition, OffsetAndMetadata>> commits = admin.listConsumerGroupOffsets(wanted).all().get();
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        commits.values().forEach(of -> of.keySet().forEach(p -> ends.put(p, OffsetSpec.latest())));
        var found = admin.listOffsets(ends).all().get();
        long lag = 0, count = 0;
        for (var of : commits.values())
            for (var commit : of.entrySet()) {
                lag += Math.max(0, found.get(commit.getKey()).offset() - commit.getValue().offset());
                count++;
            }
        return groups.size() + " " + count + " " + lag;
    }

    static double requests(Admin admin) {
        return admin.metrics().values().stream()
            .filter(m -> m.metricName().name().equals("request-total") && m.metricName().group().equals("admin-client-metrics"))
            .mapToDouble(m -> (Double) m.metricValue()).sum();
    }
}
