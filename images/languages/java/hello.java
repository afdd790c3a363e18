public class Main {
    public static void main(String[] args) throws InterruptedException {
        System.out.println("Hello, world!");
        int version = Runtime.version().feature();
        System.out.printf("This is Java %d, in a fresh container.%n", version);

        for (int number = 3; number > 0; number--) {
            System.out.print(number + "... ");
            Thread.sleep(200);
        }
        System.out.println("go: change me and press Run.");
    }
}
