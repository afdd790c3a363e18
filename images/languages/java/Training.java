import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Not a program for visitors: what the compiler compiles once at image build, to see which of its classes it needs. */
public class Training {
    record Point(int x, int y) {}

    sealed interface Shape permits Circle, Square {}

    record Circle(double radius) implements Shape {}

    record Square(double side) implements Shape {}

    enum Colour { RED, GREEN, BLUE }

    interface Greeter { String greet(String name); }

    static abstract class Animal {
        protected final String name;
        private static int count;

        Animal(String name) {
            this.name = name;
            count++;
        }

        abstract String sound();

        @Override
        public String toString() {
            return name + " says " + sound() + " of " + count;
        }
    }

    static class Dog extends Animal {
        Dog() {
            super("dog");
        }

        @Override
        String sound() {
            return "woof";
        }
    }

    static <T extends Comparable<T>> T greatest(List<T> values) {
        T found = values.get(0);
        for (T value : values) {
            if (value.compareTo(found) > 0) {
                found = value;
            }
        }
        return found;
    }

    static double area(Shape shape) {
        return switch (shape) {
            case Circle(double radius) when radius > 100 -> 1;
            case Circle circle -> Math.PI * circle.radius() * circle.radius();
            case Square(var side) -> side * side;
        };
    }

    static int old(Colour colour) {
        switch (colour) {
            case RED:
                return 1;
            default:
                return 2;
        }
    }

    @SuppressWarnings("unchecked")
    static List<String> cast(Object value) {
        return (List<String>) value;
    }

    public static void main(String[] args) throws Exception {
        int[] numbers = {3, 1, 2};
        Arrays.sort(numbers);
        long sum = 0;
        for (int i = 0; i < numbers.length; i++) {
            sum += numbers[i] << 1;
        }
        Map<String, Integer> counts = new HashMap<>();
        for (String word : "a b a".split(" ")) {
            counts.merge(word, 1, Integer::sum);
        }
        var list = new ArrayList<>(List.of(1, 2, 3));
        List raw = list;
        raw.add("unchecked, so that the compiler has something to say");
        String joined = list.stream().filter(n -> n > 1).map(n -> "n" + n).collect(Collectors.joining(", "));
        Function<Integer, Function<Integer, Integer>> add = a -> b -> a + b;
        Greeter greeter = new Greeter() {
            @Override
            public String greet(String name) {
                return """
                        Hello, %s!
                        """.formatted(name);
            }
        };
        try (Scanner scanner = new Scanner(System.in)) {
            while (scanner.hasNextLine()) {
                System.out.println(scanner.nextLine().toUpperCase());
            }
        } catch (IllegalStateException | NullPointerException error) {
            throw new RuntimeException(error);
        } finally {
            System.out.printf("%d %s %s%n", sum, joined, counts);
        }
        Thread thread = new Thread(() -> System.out.println(greeter.greet("thread")));
        thread.start();
        thread.join();
        Object value = new Point(1, 2);
        if (value instanceof Point(int x, int y) && x < y) {
            System.out.println(x == 1 ? greatest(list) : add.apply(x).apply(y));
        }
        StringBuilder text = new StringBuilder();
        do {
            text.append((char) ('a' + text.length()));
        } while (text.length() < 5);
        System.out.println(text + " " + new Dog() + area(new Circle(1)) + old(Colour.GREEN) + cast(List.of("x")));
    }
}
